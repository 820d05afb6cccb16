//! Lists of descriptors: what the auditor gets beside the address set, and all addresses that they give.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::{Deriver, DescriptorError, RangedDescriptor};
use crate::asset::ChainId;
use crate::json::{self, uint};
use crate::reserve::address_set::{DerivedFrom, lines};

/// More descriptors than any venue has.
const DESCRIPTORS_MAX: usize = 100_000;
/// Bytes of a list: each descriptor takes time to read, whoever wrote it.
const FILE_MAX: usize = 64 << 20;
/// Addresses that are derived in one run: an hour of one core.
const ADDRESSES_MAX: u64 = 50_000_000;
/// Fewer addresses than this are derived sooner than a thread starts.
const ADDRESSES_PER_THREAD_MIN: usize = 64;

/// One line of `auditor/descriptors.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedDescriptor {
    /// The chain.
    pub chain: ChainId,
    /// The descriptor in its one spelling, with checksum.
    pub descriptor: String,
    /// The last index as a decimal string; null for a descriptor without a range.
    #[serde(deserialize_with = "json::required")]
    pub last: Option<String>,
}

/// Descriptors in the order of chain and text, each once.
#[derive(Clone, Debug)]
pub struct DescriptorList {
    descriptors: Vec<RangedDescriptor>,
}

impl DescriptorList {
    /// Puts descriptors in order.
    ///
    /// # Errors
    /// [`DescriptorError`] when there are none, too many, or one stands twice.
    pub fn new(mut descriptors: Vec<RangedDescriptor>) -> Result<Self, DescriptorError> {
        descriptors.sort_by(|left, right| key(left).cmp(&key(right)));
        let twice = descriptors.windows(2).find_map(|pair| match pair {
            [left, right] if key(left) == key(right) => Some((left, right)),
            _ => None,
        });
        if let Some((left, right)) = twice {
            let address = left.address(&Deriver::default(), 0)?;
            return Err(DescriptorError::ScriptTwice { address, first: named(left, 0), second: named(right, 0) });
        }
        match descriptors.len() {
            0 => Err(DescriptorError::List("there are no descriptors".to_owned())),
            count if count > DESCRIPTORS_MAX => {
                Err(DescriptorError::List(format!("{count} descriptors, at most {DESCRIPTORS_MAX}")))
            }
            _ => Ok(Self { descriptors }),
        }
    }

    /// Reads `auditor/descriptors.jsonl`.
    ///
    /// # Errors
    /// [`DescriptorError`] with the line.
    pub fn parse(file: &[u8]) -> Result<Self, DescriptorError> {
        if file.len() > FILE_MAX {
            return Err(DescriptorError::List(format!("{} bytes, at most {FILE_MAX} are read", file.len())));
        }
        if file.last().is_some_and(|&byte| byte != b'\n') {
            return Err(DescriptorError::List("the last line does not end in U+000A".to_owned()));
        }
        let mut descriptors: Vec<RangedDescriptor> = Vec::new();
        for (number, line) in (1..).zip(lines(file)) {
            if number > DESCRIPTORS_MAX {
                return Err(DescriptorError::List(format!("more than {DESCRIPTORS_MAX} descriptors")));
            }
            let one = read_line(line).map_err(|error| error.at(number))?;
            if descriptors.last().is_some_and(|before| key(before) >= key(&one)) {
                let detail = "it stands twice, or the lines are not in the order of chain and text".to_owned();
                return Err(DescriptorError::List(detail).at(number));
            }
            descriptors.push(one);
        }
        Self::new(descriptors)
    }

    /// The file.
    ///
    /// # Errors
    /// [`DescriptorError::Json`], which no list causes.
    pub fn to_file(&self) -> Result<Vec<u8>, DescriptorError> {
        let mut file = Vec::new();
        for one in &self.descriptors {
            let (chain, descriptor) = (one.chain().clone(), one.text().to_owned());
            let last = one.last().map(|last| last.to_string());
            file.extend(json::canonical(&ListedDescriptor { chain, descriptor, last })?);
            file.push(b'\n');
        }
        Ok(file)
    }

    /// The descriptors, in order.
    #[must_use]
    pub fn descriptors(&self) -> &[RangedDescriptor] {
        &self.descriptors
    }
}

fn key(descriptor: &RangedDescriptor) -> (&ChainId, &str) {
    (descriptor.chain(), descriptor.text())
}

fn read_line(line: &[u8]) -> Result<RangedDescriptor, DescriptorError> {
    // before the parser, whose message could repeat what it read
    if std::str::from_utf8(line).is_ok_and(super::text::holds_private_key) {
        return Err(DescriptorError::Private);
    }
    // reports are for everybody: no part of an extended key stands in a message
    let malformed = |error: json::JsonError| DescriptorError::List(super::text::redacted(&error.to_string()));
    let listed: ListedDescriptor = json::read(line).map_err(malformed)?;
    let last = listed.last.as_deref().map(|text| {
        let shown: String = text.chars().take(20).collect();
        let wrong = || DescriptorError::Range(format!("last {shown:?} is not a decimal integer in range"));
        uint::parse(text).ok_or_else(wrong)
    });
    let found = RangedDescriptor::read(&listed.chain, &listed.descriptor, last.transpose()?)?;
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(one), None) if one.text() == listed.descriptor => Ok(one),
        (_, Some(_)) => Err(DescriptorError::List("several paths in one descriptor: each has a line".to_owned())),
        (_, None) => Err(DescriptorError::List("another spelling of the descriptor than its one".to_owned())),
    }
}

/// A descriptor without its keys: reports and errors are for everybody.
pub(super) fn named(descriptor: &RangedDescriptor, index: u32) -> String {
    let id = descriptor.id().to_string();
    format!("descriptor {} at index {index}", id.get(..8).unwrap_or(&id))
}

/// An address with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    /// Position of the descriptor in the slice derived from.
    pub descriptor: usize,
    /// Descriptor and index.
    pub from: DerivedFrom,
    /// The address.
    pub address: String,
}

/// Every address of every descriptor, in the order of (chain, address).
///
/// # Errors
/// [`DescriptorError::ScriptTwice`] when two are one, [`DescriptorError::Range`] when there are too many.
pub fn derive_all(descriptors: &[RangedDescriptor]) -> Result<Vec<Derived>, DescriptorError> {
    let total: u64 = descriptors.iter().map(|one| u64::from(one.count())).sum();
    if total > ADDRESSES_MAX {
        return Err(DescriptorError::Range(format!("{total} addresses in all, at most {ADDRESSES_MAX}")));
    }
    let mut derived = Vec::new();
    for (descriptor, one) in descriptors.iter().enumerate() {
        let id = one.id();
        let indices: Vec<u32> = (0..one.count()).collect();
        let addresses = in_parallel(&indices, |deriver, &index| one.address(deriver, index));
        for (index, address) in (0..).zip(addresses) {
            derived.push(Derived { descriptor, from: DerivedFrom { id, index }, address: address? });
        }
    }
    let place = |derived: &Derived| descriptors.get(derived.descriptor);
    let key = |derived: &Derived| (place(derived).map(RangedDescriptor::chain).cloned(), derived.address.clone());
    derived.sort_by_cached_key(key);
    for pair in derived.windows(2) {
        if let [left, right] = pair
            && key(left) == key(right)
        {
            let name = |one: &Derived| place(one).map(|found| named(found, one.from.index)).unwrap_or_default();
            let (address, first, second) = (left.address.clone(), name(left), name(right));
            return Err(DescriptorError::ScriptTwice { address, first, second });
        }
    }
    Ok(derived)
}

/// `each` of every item, on all cores, in order.
pub(super) fn in_parallel<T: Sync, R: Send>(items: &[T], each: impl Fn(&Deriver, &T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let size = items.len().div_ceil(cores).max(ADDRESSES_PER_THREAD_MIN);
    let work = |part: &[T]| {
        let deriver = Deriver::default();
        part.iter().map(|item| each(&deriver, item)).collect::<Vec<R>>()
    };
    if items.len() <= size {
        return work(items);
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = items.chunks(size).map(|part| scope.spawn(move || work(part))).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        // what a thread could not finish is not left out in silence
        joined.flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}
