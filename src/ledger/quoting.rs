//! Quotes: follows them through a stream of any length, without keeping it.

/// UTF-8's byte order mark, which the CSV reader skips at the start.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Quotes as RFC 4180 has them. The CSV reader takes everything: `"1"5` for 15, and an open quote for a field that
/// goes on to the end of the file.
#[derive(Clone, Copy, Default)]
pub(super) struct Quoting {
    state: State,
    /// First byte of the row.
    pub(super) row: u64,
    /// The first quote that is not where quotes are, or the byte behind a closing one.
    pub(super) fault: Option<u64>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    FieldStart,
    Plain,
    Quoted,
    Closed,
}

impl Quoting {
    pub(super) fn pass(&mut self, base: u64, bytes: &[u8]) {
        let plain = matches!(self.state, State::FieldStart | State::Plain) && base > 0 && !bytes.contains(&b'"');
        let from = if plain { bytes.iter().rposition(|&byte| is_break(byte)).unwrap_or(bytes.len() - 1) } else { 0 };
        for (at, &byte) in (base..).zip(bytes).skip(from) {
            self.step(at, byte);
        }
    }

    /// Whether what was passed ends within quotes.
    pub(super) fn is_open(&self) -> bool {
        self.state == State::Quoted
    }

    fn step(&mut self, at: u64, byte: u8) {
        let mark = usize::try_from(at).ok().and_then(|at| BYTE_ORDER_MARK.get(at));
        if mark == Some(&byte) {
            return;
        }
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::Closed,
            (State::Quoted, _) | (State::FieldStart | State::Closed, b'"') => State::Quoted,
            (_, b',') => State::FieldStart,
            (_, b'\n' | b'\r') => {
                self.row = at + 1;
                State::FieldStart
            }
            (state, byte) => {
                if state == State::Closed || byte == b'"' {
                    self.fault.get_or_insert(at);
                }
                State::Plain
            }
        };
    }
}

const fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}
