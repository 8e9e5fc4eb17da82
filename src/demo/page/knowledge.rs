//! The agent's articles, and a form to add one.

use maud::{Markup, html};

use super::Page;
use super::markdown::markdown;
use super::view::View;
use crate::demo::agent::Article;

/// The longest title, in characters.
pub(super) const LONGEST_TITLE: usize = 120;
/// The longest text, in characters.
pub(super) const LONGEST_TEXT: usize = 20_000;
/// How many articles there may be.
const MOST_ARTICLES: usize = 200;

/// The panel with the articles.
pub(super) fn knowledge(page: &Page, view: &View<'_>) -> Markup {
    let Some(agent) = page.stage.agent() else {
        return html! { p.about { "A real agent answers here, and its articles are its own." } };
    };
    let articles = agent.articles();
    html! {
        p.about { "The embedded agent answers from these " (articles.len()) " articles. Add one and ask about it." }
        form.article #add-article method="post" action="/article" data-clears {
            (view.hidden())
            label for="article-title" { "Title" }
            input #article-title type="text" name="title" maxlength=(LONGEST_TITLE) required;
            label for="article-text" { "Text, in Markdown" }
            textarea #article-text name="text" rows="5" maxlength=(LONGEST_TEXT) required {}
            button.button.primary type="submit" { "Add the article" }
        }
        h3 { "Articles" }
        @for article in articles.iter().rev() {
            details.entry #{"article-" (article.entry_id)} {
                summary { (article.title) span.hint { " " (article.entry_id) } }
                div.b-markdown { (markdown(&article.body)) }
            }
        }
    }
}

/// Gives the agent an article; says why not, where it cannot be.
pub(super) fn add(page: &Page, title: &str, text: &str) -> Result<(), &'static str> {
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.replace("\r\n", "\n");
    let Some(agent) = page.stage.agent() else { return Err("A real agent learns no articles here.") };
    let count = agent.articles().len();
    if title.is_empty() || text.trim().is_empty() {
        return Err("An article needs a title and a text.");
    }
    if LONGEST_TITLE < title.chars().count() || LONGEST_TEXT < text.chars().count() {
        return Err("The article is too long.");
    }
    if MOST_ARTICLES <= count {
        return Err("There are as many articles as the demo keeps.");
    }
    let entry_id = format!("own_{:03}", count + 1);
    let body = text.trim().to_owned();
    page.stage.learn(Article { title, entry_type: "how_to".to_owned(), entry_id, body });
    Ok(())
}
