//! A document as one page that needs nothing else: no script, nothing loaded, and it prints.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use tvaers_policy::document::{Block, Document};

use crate::lang::Lang;

const STYLE: &str = include_str!("style.css");

/// The page in these languages, of which the first is the page's own; at least one.
#[must_use]
pub fn html(document: &Document, languages: &[Lang]) -> String {
    let first = languages.first().copied().unwrap_or(Lang::Da);
    let page = html! {
        (DOCTYPE)
        html lang=(first.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Nothing may be loaded from anywhere, also if a text got past everything else.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="referrer" content="no-referrer";
                title { (first.of(&document.title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                @if languages.len() > 1 {
                    nav aria-label=(first.pick("Sprog", "Language")) {
                        @for lang in languages {
                            a href=(format!("#{}", lang.tag())) lang=(lang.tag()) { (lang.pick("Dansk", "English")) }
                            " "
                        }
                    }
                }
                main {
                    @for lang in languages {
                        article id=(lang.tag()) lang=(lang.tag()) { (in_language(document, *lang)) }
                    }
                }
            }
        }
    };
    page.into_string()
}

fn in_language(document: &Document, lang: Lang) -> Markup {
    html! {
        h1 { (lang.of(&document.title)) }
        @for block in &document.blocks { (of_block(block, lang)) }
    }
}

fn of_block(block: &Block, lang: Lang) -> Markup {
    match block {
        Block::Heading { level: 2, text } => html! { h2 { (lang.of(text)) } },
        Block::Heading { text, .. } => html! { h3 { (lang.of(text)) } },
        Block::Paragraph(text) => html! { p { (lang.of(text)) } },
        Block::List(points) => html! { ul { @for point in points { li { (lang.of(point)) } } } },
        Block::Table { head, rows } => html! {
            div.scroll {
                table {
                    thead { tr { @for cell in head { th scope="col" { (lang.of(cell)) } } } }
                    tbody {
                        @for row in rows {
                            tr {
                                @if let Some((first, rest)) = row.split_first() {
                                    th scope="row" { (lang.of(first)) }
                                    @for cell in rest { td { (lang.of(cell)) } }
                                }
                            }
                        }
                    }
                }
            }
        },
    }
}
