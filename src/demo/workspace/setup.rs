//! Who and what is in the workspace when it begins, and which of Slack's habits are switched on.

use std::time::Duration;

use crate::chat::Private;
use crate::slack::table::SCOPES;

/// Everything that a [`super::Workspace`] begins with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The workspace's id, `T…`.
    pub team_id: String,
    /// What people call the workspace.
    pub name: String,
    /// The workspace's sub-domain.
    pub domain: String,
    /// The organisation that it belongs to.
    pub organisation: Option<Organisation>,
    /// The app and its bot.
    pub bot: Bot,
    /// The token that the Web API accepts from the start; empty when the app is not installed yet.
    pub bot_token: Private<String>,
    /// The scopes that the token has.
    pub scopes: Vec<String>,
    /// What deliveries are signed with.
    pub signing_secret: Private<String>,
    /// The people.
    pub users: Vec<Person>,
    /// The channels, with a DM for each person.
    pub channels: Vec<Channel>,
    /// Slack's habits.
    pub switches: Switches,
    /// How long a delivery waits for its answer; Slack waits 3 s.
    pub ack_deadline: Duration,
}

/// Several workspaces under one roof: an Enterprise organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// The organisation's id, `E…`.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// The app that is installed in the workspace.
#[derive(Debug, Clone)]
pub struct Bot {
    /// The app's id, `A…`.
    pub app_id: String,
    /// The bot's id, `B…`.
    pub bot_id: String,
    /// The bot's user id, `U…`.
    pub user_id: String,
    /// What people write after the `@`.
    pub name: String,
    /// What people see.
    pub real_name: String,
}

/// How somebody belongs to the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A full member.
    Member,
    /// A guest: `is_restricted`.
    Guest,
    /// A person of another organisation, seen only in shared channels.
    Stranger {
        /// Their own workspace.
        team_id: String,
    },
    /// A member who left: `deleted`.
    Deactivated,
    /// Another app's bot.
    Bot {
        /// Its `B…` id.
        bot_id: String,
    },
}

/// Somebody in the workspace.
#[derive(Debug, Clone)]
pub struct Person {
    /// The user id, `U…`.
    pub id: String,
    /// What people write after the `@`.
    pub name: String,
    /// The full name.
    pub real_name: String,
    /// The e-mail address, where Slack shows one.
    pub email: Option<String>,
    /// How they belong.
    pub standing: Standing,
    /// Custom profile fields: `Xf…` id and value.
    pub fields: Vec<(String, String)>,
    /// Whether they administer the workspace.
    pub admin: bool,
}

impl Person {
    /// A full member.
    pub fn member(id: &str, name: &str, real_name: &str, email: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            real_name: real_name.to_owned(),
            email: Some(email.to_owned()),
            standing: Standing::Member,
            fields: Vec::new(),
            admin: false,
        }
    }

    /// The same person, who administers the workspace.
    #[must_use]
    pub fn admin(mut self) -> Self {
        self.admin = true;
        self
    }

    /// The same person with another standing; a stranger shows no e-mail address.
    #[must_use]
    pub fn standing(mut self, standing: Standing) -> Self {
        if matches!(standing, Standing::Stranger { .. } | Standing::Bot { .. }) {
            self.email = None;
        }
        self.standing = standing;
        self
    }

    /// The same person with one more custom profile field.
    #[must_use]
    pub fn field(mut self, id: &str, value: &str) -> Self {
        self.fields.push((id.to_owned(), value.to_owned()));
        self
    }

    /// The workspace that they belong to, given the one that they are seen in.
    pub fn team<'a>(&'a self, here: &'a str) -> &'a str {
        match &self.standing {
            Standing::Stranger { team_id } => team_id,
            _ => here,
        }
    }

    /// The id of their DM with the bot: the user id with a `D`.
    pub fn direct(&self) -> String {
        format!("D{}", self.id.get(1..).unwrap_or_default())
    }
}

/// What sort of conversation a channel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelKind {
    /// Open to the whole workspace.
    Public,
    /// By invitation.
    Private,
    /// Shared with another organisation.
    Shared,
    /// Between one person and the bot.
    Direct,
}

/// A conversation.
#[derive(Debug, Clone)]
pub struct Channel {
    /// The id: `C…`, or `D…` for a DM.
    pub id: String,
    /// The name without `#`; empty for a DM.
    pub name: String,
    /// What sort it is.
    pub kind: ChannelKind,
    /// The user ids of those who are in it; `None` for everybody.
    pub members: Option<Vec<String>>,
    /// Whether the bot is in it.
    pub has_bot: bool,
}

impl Channel {
    /// A public channel with everybody and the bot in it.
    pub fn public(id: &str, name: &str) -> Self {
        let (id, name) = (id.to_owned(), name.to_owned());
        Self { id, name, kind: ChannelKind::Public, members: None, has_bot: true }
    }

    /// A private channel with these people and the bot in it.
    pub fn private(id: &str, name: &str, members: &[&str]) -> Self {
        let members = Some(members.iter().map(|&id| id.to_owned()).collect());
        Self { kind: ChannelKind::Private, members, ..Self::public(id, name) }
    }

    /// A channel that is shared with another organisation, with everybody and the bot in it.
    pub fn shared(id: &str, name: &str) -> Self {
        Self { kind: ChannelKind::Shared, ..Self::public(id, name) }
    }

    /// The DM of one person with the bot.
    pub fn direct(person: &Person) -> Self {
        let members = Some(vec![person.id.clone()]);
        Self { kind: ChannelKind::Direct, members, ..Self::public(&person.direct(), "") }
    }

    /// The same channel without the bot.
    #[must_use]
    pub fn without_bot(mut self) -> Self {
        self.has_bot = false;
        self
    }

    /// Whether somebody is in it.
    pub fn has(&self, user: &str) -> bool {
        self.members.as_ref().is_none_or(|members| members.iter().any(|member| member == user))
    }

    /// What Slack calls the sort in `channel_type`.
    pub fn channel_type(&self) -> &'static str {
        match self.kind {
            ChannelKind::Public | ChannelKind::Shared => "channel",
            ChannelKind::Private => "group",
            ChannelKind::Direct => "im",
        }
    }
}

/// Slack's habits that can be switched, also while the workspace runs ([`super::Workspace::switch`]).
#[derive(Debug, Clone, Copy)]
pub struct Switches {
    /// `assistant.threads.setStatus` works.
    pub native_status: bool,
    /// `markdown` blocks are known.
    pub markdown_blocks: bool,
    /// `context_actions` blocks are known.
    pub context_actions: bool,
    /// The app hears of its own posts, edits and deletions.
    pub own_posts: bool,
    /// Every event arrives a second time, as a retry after a time-out that never was.
    pub deliver_twice: bool,
    /// How long after a delivery that was not answered with 200 an event is delivered again, and again, until it is.
    /// (Slack makes longer pauses each time, and gives up after a day.) `None`: it is not.
    pub redelivery: Option<Duration>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            native_status: true,
            markdown_blocks: true,
            context_actions: true,
            own_posts: true,
            deliver_twice: false,
            redelivery: None,
        }
    }
}

impl Default for Setup {
    /// Jane Smith and Tom Baker; Nova Reed, whom the demo's directory does not know; Gus Hart, a guest;
    /// Sara Lund of another organisation. #lettings, #sales, #board (private), #partners (shared), DMs.
    fn default() -> Self {
        let guest = Person::member("U0GUS", "gus", "Gus Hart", "gus.hart@contractor.example");
        let stranger = Person::member("U0SARA", "sara", "Sara Lund", "");
        Self {
            team_id: "T0ACME".to_owned(),
            name: "Acme".to_owned(),
            domain: "acme".to_owned(),
            organisation: None,
            bot: Bot {
                app_id: "A0BRIDGE".to_owned(),
                bot_id: "B0BRIDGE".to_owned(),
                user_id: "U0BRIDGE".to_owned(),
                name: "threadbridge".to_owned(),
                real_name: "Threadbridge".to_owned(),
            },
            bot_token: "xoxb-simulated-token".into(),
            scopes: SCOPES.iter().map(|scope| scope.name.to_owned()).collect(),
            signing_secret: "simulated-signing-secret".into(),
            users: Vec::new(),
            channels: Vec::new(),
            switches: Switches::default(),
            ack_deadline: Duration::from_secs(3),
        }
        .with_person(Person::member("U0JANE", "jane", "Jane Smith", "jane.smith@company.com"))
        .with_person(Person::member("U0TOM", "tom", "Tom Baker", "tom.baker@company.com"))
        .with_person(Person::member("U0NOVA", "nova", "Nova Reed", "nova.reed@company.com"))
        .with_person(guest.standing(Standing::Guest))
        .with_person(stranger.standing(Standing::Stranger { team_id: "T0OTHER".to_owned() }))
        .with_channel(Channel::public("C0LETTINGS", "lettings"))
        .with_channel(Channel::public("C0SALES", "sales"))
        .with_channel(Channel::private("C0BOARD", "board", &["U0JANE", "U0TOM", "U0GUS"]))
        .with_channel(Channel::shared("C0PARTNERS", "partners"))
    }
}

impl Setup {
    /// Adds somebody, with their DM; takes the place of a person with the same id.
    #[must_use]
    pub fn with_person(mut self, person: Person) -> Self {
        let direct = Channel::direct(&person);
        match self.users.iter_mut().find(|other| other.id == person.id) {
            Some(other) => *other = person,
            None => self.users.push(person),
        }
        self.with_channel(direct)
    }

    /// Adds a channel; takes the place of one with the same id.
    #[must_use]
    pub fn with_channel(mut self, channel: Channel) -> Self {
        match self.channels.iter_mut().find(|other| other.id == channel.id) {
            Some(other) => *other = channel,
            None => self.channels.push(channel),
        }
        self
    }

    /// The person with this id, `@name`, full name or first name; capitals do not matter.
    pub fn person(&self, who: &str) -> Option<&Person> {
        let who = who.trim_start_matches('@');
        let first = |person: &Person| person.real_name.split(' ').next().map(str::to_lowercase);
        self.users
            .iter()
            .find(|person| person.id == who)
            .or_else(|| self.users.iter().find(|person| person.name.eq_ignore_ascii_case(who)))
            .or_else(|| self.users.iter().find(|person| person.real_name.eq_ignore_ascii_case(who)))
            .or_else(|| self.users.iter().find(|person| first(person) == Some(who.to_lowercase())))
    }

    /// The channel with this id or `#name`.
    pub fn channel(&self, which: &str) -> Option<&Channel> {
        let name = which.trim_start_matches('#');
        self.channels
            .iter()
            .find(|channel| channel.id == which || (!channel.name.is_empty() && channel.name == name))
    }

    /// What people see as the author, given a user id.
    pub fn shown_name(&self, user: &str) -> String {
        if user == self.bot.user_id {
            return self.bot.real_name.clone();
        }
        self.users
            .iter()
            .find(|person| person.id == user)
            .map_or_else(|| user.to_owned(), |person| person.real_name.clone())
    }
}
