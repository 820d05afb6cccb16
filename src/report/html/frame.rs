//! What every page has around its sections: head, verdict, contents, foot.

use askama::Template;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{HtmlError, Section};
use crate::hash::sha256;
use crate::report::text::is_control;

/// A page as `html/frame.html` asks for it.
pub(super) struct Frame {
    pub(super) style: &'static str,
    /// Base64; the page's policy of content lets no other style be applied.
    pub(super) style_hash: String,
    pub(super) tool: String,
    pub(super) class: &'static str,
    pub(super) verdict: &'static str,
    pub(super) headline: String,
    pub(super) sections: Vec<Section>,
}

impl Frame {
    /// `verdict` is the word of the heading and the class of its mark.
    pub(super) fn new(
        style: &'static str,
        tool: &str,
        (verdict, class): (&'static str, &'static str),
        headline: String,
        sections: Vec<Section>,
    ) -> Self {
        let style_hash = BASE64_STANDARD.encode(sha256(style.as_bytes()).as_bytes());
        Self { style, style_hash, tool: tool.to_owned(), class, verdict, headline, sections }
    }
}

/// The page, without characters that turn the direction of text or cannot be seen, whatever a template was given.
pub(super) fn whole(page: &impl Template) -> Result<String, HtmlError> {
    let mut page = page.render()?.replace(|c| is_control(c) && c != '\n', "\u{fffd}");
    page.push('\n');
    Ok(page)
}
