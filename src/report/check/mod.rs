//! Reports of a check: what can be made of a [`Check`](super::document::Check).
//!
//! A renderer is one file behind [`CheckRenderer`] and one line in
//! [`CHECK_RENDERERS`]. Renderers see only the document of the check and write
//! only to what they are handed: no file, no terminal, no clock, no environment.

pub(super) mod comment;
mod facts;
mod github;
mod gitlab;
mod identity;
mod json;
mod junit;
mod kind;
mod markdown;
mod renderer;
mod sarif;
mod terminal;

pub use comment::{CommentTag, CommentTagError};
pub use facts::{
    Severity, judged, known_how, limit, moved_by, moved_by_name, not_judged, severity, slice,
    verdict, way_on,
};
pub use github::annotated;
pub use kind::{CheckKind, CheckKindError};
pub use renderer::{CheckOptions, CheckRenderer};

/// Every renderer, one per [`CheckKind`].
pub const CHECK_RENDERERS: [&dyn CheckRenderer; 7] = [
    &terminal::Terminal,
    &json::Json,
    &markdown::Markdown,
    &junit::Junit,
    &sarif::Sarif,
    &gitlab::Gitlab,
    &github::Github,
];

/// The renderer of a kind.
#[must_use]
pub fn check_renderer(kind: CheckKind) -> &'static dyn CheckRenderer {
    match kind {
        CheckKind::Table => &terminal::Terminal,
        CheckKind::Json => &json::Json,
        CheckKind::Markdown => &markdown::Markdown,
        CheckKind::Junit => &junit::Junit,
        CheckKind::Sarif => &sarif::Sarif,
        CheckKind::Gitlab => &gitlab::Gitlab,
        CheckKind::Github => &github::Github,
    }
}

#[cfg(test)]
mod tests {
    use super::{CHECK_RENDERERS, CheckKind, CheckRenderer, check_renderer};

    #[test]
    fn the_list_holds_every_kind_once() {
        assert_eq!(CHECK_RENDERERS.map(CheckRenderer::id), CheckKind::ALL);
        for kind in CheckKind::ALL {
            assert_eq!(check_renderer(kind).id(), kind);
        }
    }
}
