//! JSON-RPC to a node. Answers are kept as the text that the node wrote; credentials stand in no message.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::code::{Code, Coded, bitcoin as codes, window as window_codes};

/// The largest answer that is read, in bytes.
const ANSWER_MAX: u64 = 1 << 30;
/// The number of JSON-RPC for a method that a node does not have.
const METHOD_NOT_FOUND: i64 = -32601;
/// Questions in one request.
const BATCH: usize = 500;
const CONNECT: Duration = Duration::from_secs(10);

/// A user's name and password in the form of basic authentication, wiped when dropped.
pub struct Credentials(Zeroizing<String>);

impl fmt::Debug for Credentials {
    /// Never the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

impl Credentials {
    /// Reads `user:password`, one line: the content of a node's cookie file.
    ///
    /// # Errors
    /// [`FetchError::Credentials`], which repeats nothing of the text.
    pub fn parse(text: &str) -> Result<Self, FetchError> {
        let line = text.trim_end_matches(['\r', '\n']);
        if !line.contains(':') || line.chars().any(char::is_control) {
            return Err(FetchError::Credentials);
        }
        Ok(Self(Zeroizing::new(format!("Basic {}", STANDARD.encode(line)))))
    }

    /// A second copy, for the client that keeps it.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

/// A node's interface.
pub struct Client {
    agent: ureq::Agent,
    url: String,
    /// Scheme, host and port: a path can hold an access key.
    shown: String,
    credentials: Option<Credentials>,
    /// What requests say of the protocol: Bitcoin Core takes the older one as it always did.
    version: &'static str,
}

impl Client {
    /// A client of the node at `url`, which has no credentials in it.
    ///
    /// # Errors
    /// [`FetchError::Url`].
    pub fn new(url: &str, credentials: Option<Credentials>) -> Result<Self, FetchError> {
        let rest = url.strip_prefix("http://");
        let authority = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or(rest));
        let shown = match authority {
            Some(authority) if !authority.is_empty() && !authority.contains('@') => format!("http://{authority}"),
            Some(authority) if authority.contains('@') => {
                return Err(FetchError::Url { detail: "it has a user or password in it; name a file instead" });
            }
            _ => return Err(FetchError::Url { detail: "expected http://host:port" }),
        };
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_connect(Some(CONNECT))
            .build();
        Ok(Self {
            agent: ureq::Agent::new_with_config(config),
            url: url.to_owned(),
            shown,
            credentials,
            version: "1.0",
        })
    }

    /// In the second version of the protocol, which nodes of EVM chains ask for.
    #[must_use]
    pub fn second_version(self) -> Self {
        Self { version: "2.0", ..self }
    }

    /// Asks one question and reads its answer as `T`.
    ///
    /// # Errors
    /// [`FetchError`].
    pub fn ask<T: DeserializeOwned>(&self, method: &'static str, params: &str) -> Result<T, FetchError> {
        let text = self.ask_raw(method, params)?;
        serde_json::from_str(&text).map_err(|error| FetchError::Answer { method, detail: error.to_string() })
    }

    /// Asks one question; the answer's `result` is the text that the node wrote.
    ///
    /// # Errors
    /// [`FetchError`].
    pub fn ask_raw(&self, method: &'static str, params: &str) -> Result<String, FetchError> {
        let body = format!(r#"{{"jsonrpc":"{}","id":0,"method":"{method}","params":{params}}}"#, self.version);
        let text = self.post(method, body)?;
        let answer: Answer =
            serde_json::from_str(&text).map_err(|error| FetchError::Answer { method, detail: error.to_string() })?;
        answer.into_result(method)
    }

    /// Asks one question for each of `params`, many in one request; the answers are in the order of the questions.
    ///
    /// # Errors
    /// [`FetchError`] of the first answer that is one.
    pub fn ask_many<T: DeserializeOwned>(&self, method: &'static str, params: &[String]) -> Result<Vec<T>, FetchError> {
        let mut results = Vec::with_capacity(params.len());
        for chunk in params.chunks(BATCH) {
            let question = |(id, params): (usize, &String)| {
                format!(r#"{{"jsonrpc":"{}","id":{id},"method":"{method}","params":{params}}}"#, self.version)
            };
            let questions: Vec<String> = chunk.iter().enumerate().map(question).collect();
            let text = self.post(method, format!("[{}]", questions.join(",")))?;
            results.extend(Self::read_batch::<T>(method, &text, chunk.len())?);
        }
        Ok(results)
    }

    fn read_batch<T: DeserializeOwned>(
        method: &'static str,
        text: &str,
        expected: usize,
    ) -> Result<Vec<T>, FetchError> {
        let fail = |detail: String| FetchError::Answer { method, detail };
        let mut answers: Vec<Answer> = match serde_json::from_str(text) {
            Ok(answers) => answers,
            Err(error) => {
                let single: Answer = serde_json::from_str(text).map_err(|_| fail(error.to_string()))?;
                single.into_result(method)?;
                return Err(fail("one answer to many questions".to_owned()));
            }
        };
        answers.sort_by_key(|answer| answer.id);
        let in_order = answers.iter().enumerate().all(|(id, answer)| answer.id == Some(id));
        if answers.len() != expected || !in_order {
            return Err(fail(format!("{} answers, expected {expected}", answers.len())));
        }
        let read = |answer: Answer| {
            serde_json::from_str(&answer.into_result(method)?).map_err(|error| fail(error.to_string()))
        };
        answers.into_iter().map(read).collect()
    }

    fn post(&self, method: &'static str, body: String) -> Result<String, FetchError> {
        let unreachable = |detail: String| FetchError::Unreachable { url: self.shown.clone(), detail };
        let mut request = self.agent.post(&self.url).header("content-type", "application/json");
        if let Some(Credentials(text)) = &self.credentials {
            request = request.header("authorization", text.as_str());
        }
        let mut response = request.send(body).map_err(|error| unreachable(error.to_string()))?;
        let status = response.status().as_u16();
        if matches!(status, 401 | 403) {
            let detail = "user or password are not accepted".to_owned();
            return Err(FetchError::Refused { method, status, detail });
        }
        let text = response
            .body_mut()
            .with_config()
            .limit(ANSWER_MAX)
            .read_to_string()
            .map_err(|error| unreachable(error.to_string()))?;
        if !matches!(status, 200..300) && !text.trim_start().starts_with(['{', '[']) {
            let detail = text.trim().chars().take(200).collect();
            return Err(FetchError::Refused { method, status, detail });
        }
        Ok(text)
    }
}

#[derive(serde::Deserialize)]
struct Answer {
    #[serde(default)]
    id: Option<usize>,
    #[serde(default, deserialize_with = "present")]
    result: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<NodeError>,
}

/// Keeps `null`, which is an answer, apart from no answer.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    serde::Deserialize::deserialize(deserializer).map(Some)
}

#[derive(serde::Deserialize)]
struct NodeError {
    #[serde(default)]
    code: i64,
    message: String,
}

impl Answer {
    fn into_result(self, method: &'static str) -> Result<String, FetchError> {
        if let Some(error) = self.error {
            if error.code == METHOD_NOT_FOUND {
                return Err(FetchError::MethodMissing { method });
            }
            let mut message: String = error.message.chars().take(400).collect();
            if message.contains("pruned") {
                message.push_str("; ask a node that keeps all blocks (prune=0)");
            }
            return Err(FetchError::Node { method, message });
        }
        let missing = || FetchError::Answer { method, detail: "neither result nor error".to_owned() };
        Ok(self.result.ok_or_else(missing)?.get().to_owned())
    }
}

/// Why evidence cannot be gathered. No message has credentials in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Another answer than this program can use.
    #[error("{method}: {detail}")]
    Answer {
        /// The method.
        method: &'static str,
        /// Got and expected.
        detail: String,
    },
    /// The question itself cannot be asked.
    #[error("{detail}")]
    Question {
        /// The entry of the catalogue.
        code: &'static Code,
        /// What is wrong.
        detail: String,
    },
    /// No `user:password`.
    #[error("the file of credentials is not one line user:password")]
    Credentials,
    /// Answers that cannot all be true.
    #[error("coin {coin}: {detail}")]
    Inconsistent {
        /// The coin.
        coin: String,
        /// What the answers say.
        detail: String,
    },
    /// The journal of a watch cannot be written.
    #[error("{path}: {detail}")]
    Journal {
        /// The file.
        path: String,
        /// The system's words.
        detail: String,
    },
    /// A method that older nodes do not have.
    #[error("{method}: the node does not have this method")]
    MethodMissing {
        /// The method.
        method: &'static str,
    },
    /// An error of the node itself.
    #[error("{method}: the node says: {message}")]
    Node {
        /// The method.
        method: &'static str,
        /// The node's words, at most 400 characters.
        message: String,
    },
    /// The node is of another chain.
    #[error("the node's first block is {got}, expected one beginning with {expected}")]
    OtherChain {
        /// The hash of its block 0.
        got: String,
        /// The reference of the chain asked for.
        expected: String,
    },
    /// Not a range of the node's blocks.
    #[error("window {detail}")]
    Range {
        /// Got and expected.
        detail: String,
    },
    /// An HTTP status.
    #[error("{method}: HTTP status {status}: {detail}")]
    Refused {
        /// The method.
        method: &'static str,
        /// The status.
        status: u16,
        /// The text with it.
        detail: String,
    },
    /// Blocks arrived during every attempt.
    #[error("new blocks arrived during {attempts} scans in a row; try again")]
    TipMoved {
        /// How often it was tried.
        attempts: usize,
    },
    /// No connection, or it broke.
    #[error("{url}: {detail}")]
    Unreachable {
        /// Scheme, host and port of the node.
        url: String,
        /// The system's words.
        detail: String,
    },
    /// Not an address of a node.
    #[error("the node's address is not usable: {detail}")]
    Url {
        /// Why; the address is not repeated, since it may have a password in it.
        detail: &'static str,
    },
}

impl Coded for FetchError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Answer { .. } => &codes::RPC_ANSWER,
            Self::Question { code, .. } => code,
            Self::Credentials => &codes::RPC_CREDENTIALS,
            Self::Node { .. } | Self::Refused { .. } => &codes::RPC_REFUSED,
            Self::Inconsistent { .. } => &window_codes::WINDOW_NODE_INCONSISTENT,
            Self::Journal { .. } => &crate::code::cli::OUTPUT_UNWRITABLE,
            Self::MethodMissing { .. } => &window_codes::WINDOW_METHOD_MISSING,
            Self::OtherChain { .. } => &codes::RPC_OTHER_CHAIN,
            Self::Range { .. } => &window_codes::WINDOW_RANGE,
            Self::TipMoved { .. } => &codes::RPC_TIP_MOVED,
            Self::Unreachable { .. } | Self::Url { .. } => &codes::RPC_UNREACHABLE,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// What a client says of one answer with this status and body.
    fn answered<T>(status: &str, body: &str, ask: impl Fn(&Client) -> Result<T, FetchError>) -> Result<T, FetchError> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/path-with-a-key", listener.local_addr().expect("an address"));
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer.as_bytes());
        });
        let client = Client::new(&url, Some(Credentials::parse("user:secret\n")?))?;
        let result = ask(&client);
        server.join().expect("the server");
        if let Err(error) = &result {
            let text = error.to_string();
            assert!(!text.contains("secret") && !text.contains("dXNlcjpzZWNyZXQ") && !text.contains("key"), "{text}");
        }
        result
    }

    fn ask(status: &str, body: &str) -> Result<String, FetchError> {
        answered(status, body, |client| client.ask_raw("getblock", "[]"))
    }

    #[test]
    fn results_are_kept_as_written() {
        let body = r#"{"result":{"b": 1.50000000,"a":0.10},"error":null,"id":0}"#;
        assert_eq!(ask("200 OK", body).as_deref(), Ok(r#"{"b": 1.50000000,"a":0.10}"#));
    }

    #[test]
    fn errors_name_the_method_and_the_nodes_words() {
        let body = r#"{"result":null,"error":{"code":-1,"message":"Block not available (pruned data)"},"id":0}"#;
        let error = ask("500 Internal Server Error", body).expect_err("an error");
        let expected = "getblock: the node says: Block not available (pruned data); \
                        ask a node that keeps all blocks (prune=0)";
        assert_eq!(error.to_string(), expected);
        assert_eq!(ask("401 Unauthorized", "").expect_err("refused").code().number, 5061);
        assert_eq!(ask("503 Service Unavailable", "Work queue depth exceeded").expect_err("busy").code().number, 5061);
        assert_eq!(ask("302 Found", "").expect_err("elsewhere").code().number, 5061);
        for body in ["", "<html>", "[]", "{", "{\"error\":1}"] {
            assert_eq!(ask("200 OK", body).expect_err(body).code().number, 5062, "{body}");
        }
    }

    #[test]
    fn batches_are_put_in_order_and_must_be_whole() {
        let many = |body: &str| {
            answered("200 OK", body, |client| client.ask_many::<u8>("getblockhash", &["[0]".into(), "[1]".into()]))
        };
        assert_eq!(many(r#"[{"result":8,"id":1},{"result":7,"id":0}]"#), Ok(vec![7, 8]));
        for body in [
            r#"[{"result":8,"id":1}]"#,
            r#"[{"result":8,"id":1},{"result":7,"id":1}]"#,
            r#"[{"result":8,"id":0},{"result":"x","id":1}]"#,
            r#"{"result":8,"id":0}"#,
            "[1,2]",
        ] {
            assert_eq!(many(body).expect_err(body).code().number, 5062, "{body}");
        }
        let refused = r#"[{"result":8,"id":0},{"error":{"message":"no"},"id":1}]"#;
        assert_eq!(many(refused).expect_err("an error").to_string(), "getblockhash: the node says: no");
    }

    #[test]
    fn credentials_and_addresses_are_checked_and_never_shown() {
        for text in ["", "user", "user:a\nmore", "user:\u{0}"] {
            let error = Credentials::parse(text).expect_err("no pair");
            assert_eq!((error.code(), &error), (&codes::RPC_CREDENTIALS, &FetchError::Credentials));
        }
        assert_eq!(format!("{:?}", Credentials::parse("user:secret").expect("a pair")), "Credentials");
        for url in ["", "127.0.0.1:8332", "https://127.0.0.1", "http://", "http:///x", "http://u:secret@h:1"] {
            let error = Client::new(url, None).map(|_| ()).expect_err(url);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
