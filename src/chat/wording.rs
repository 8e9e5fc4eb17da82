//! Every word that the bot says.
