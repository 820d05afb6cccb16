use counterfoil::hash::Tag;
use serde_json::{Value, json};

use super::{Sent, Vectors, Want};

pub(super) fn add(vectors: &mut Vectors) {
    for tag in Tag::ALL {
        let name = tag.text().trim_start_matches("counterfoil/").replace('-', "_");
        let comment = "the empty message under each tag gives another digest";
        case(vectors, &format!("empty_{name}"), comment, &[], tag, json!([]));
    }
    let comment = "a text is hashed behind its length";
    case(vectors, "one_text", comment, &[], Tag::Leaf, json!([{"bytes": "616263"}]));
    let comment = "ab, c and a, bc are two messages";
    case(vectors, "boundary_early", comment, &["Ambiguity"], Tag::Leaf, json!([{"bytes": "61"}, {"bytes": "6263"}]));
    case(vectors, "boundary_late", comment, &["Ambiguity"], Tag::Leaf, json!([{"bytes": "6162"}, {"bytes": "63"}]));
    let comment = "an empty text still has a length";
    case(vectors, "empty_text", comment, &["Boundary", "Ambiguity"], Tag::Leaf, json!([{"bytes": ""}]));
    let comment = "integers have a fixed width and no length";
    case(vectors, "fixed_width", comment, &[], Tag::Node, json!([{"fixed": "0000000000000001"}, {"bytes": "61"}]));
    let comment = "a length above 255 uses both of its bytes, the larger first";
    let long = "5a".repeat(256);
    case(vectors, "text_of_256_bytes", comment, &["Boundary"], Tag::Leaf, json!([{ "bytes": long }]));
    for length in [54, 55, 56, 63, 64, 65] {
        let comment = "message lengths around the padding of SHA-256";
        let message: Vec<u8> = (0..=250).cycle().take(length).collect();
        let fields = json!([{"fixed": hex::encode(message)}]);
        case(vectors, &format!("message_of_{length}_bytes"), comment, &["Boundary"], Tag::Statement, fields);
    }
}

fn case(vectors: &mut Vectors, name: &str, comment: &str, flags: &[&str], tag: Tag, fields: Value) {
    let (query, sent) = (json!({"tag": tag.text()}), Sent::Object(json!({ "fields": fields })));
    vectors.add(&format!("hash/{name}"), comment, flags, query, sent, Want::Valid);
}
