//! A walk along a script that consensus has accepted, with the values that it had.

use bitcoin::hashes::{Hash as _, hash160, ripemd160, sha256, sha256d};
use bitcoin::opcodes::all as op;
use bitcoin::opcodes::{Class, ClassifyContext, OP_0, Opcode};
use bitcoin::script::{self, Instruction, Script};

use super::super::{ControlError, RuleError};
use super::signatures::{Checker, Place, pushes};
use super::{check_clean, truth};

/// The most keys of a multisig by consensus.
const KEYS_MAX: usize = 20;

/// A stack, and what was seen on the way.
pub(super) struct Walk<'a> {
    checker: Checker<'a>,
    /// Items, the top last.
    pub(super) stack: Vec<Vec<u8>>,
    aside: Vec<Vec<u8>>,
    /// Whether each open branch is the one taken.
    branches: Vec<bool>,
    /// Reserved opcodes that were executed.
    reserved: Option<Opcode>,
    /// Signatures that were there and valid, by keys that the script names.
    signatures: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(checker: Checker<'a>, stack: Vec<Vec<u8>>) -> Self {
        Self { checker, stack, aside: Vec::new(), branches: Vec::new(), reserved: None, signatures: 0 }
    }

    /// A script signature: it may only push.
    pub(super) fn run_pushes(&mut self, script: &Script) -> Result<(), ControlError> {
        if !script.is_push_only() {
            return Err(RuleError::Stack { detail: "the script signature does more than push".to_owned() }.into());
        }
        self.run(script)
    }

    /// Walks along a script. What stops the walk is told after what is certainly wrong.
    pub(super) fn run(&mut self, script: &Script) -> Result<(), ControlError> {
        let given = self.stack.clone();
        let result = self.run_all(script);
        if result.as_ref().is_err_and(ControlError::is_inconclusive) {
            self.checker.check_loose(&given)?;
        }
        result
    }

    fn run_all(&mut self, script: &Script) -> Result<(), ControlError> {
        let mut steps = Vec::new();
        for step in script.instruction_indices() {
            match step {
                Ok(step) => steps.push(step),
                Err(_) => return Err(ControlError::NotJudged { what: format!("the script {script}") }),
            }
        }
        let is = |wanted: Opcode| steps.iter().any(|(_, step)| *step == Instruction::Op(wanted));
        if is(op::OP_CODESEPARATOR) {
            return Err(RuleError::CodeSeparator { script: script.to_string() }.into());
        }
        if matches!(self.checker.place, Place::Tapscript(_)) {
            let free = |code: Opcode| code.classify(ClassifyContext::TapScript) == Class::SuccessOp;
            let found = steps.iter().filter_map(|(_, step)| step.opcode()).find(|code| free(*code));
            if let Some(code) = found {
                return Err(ControlError::Upgradeable { what: format!("{code} in a tapscript") });
            }
        }
        let ends = steps.iter().skip(1).map(|(start, _)| *start).chain([script.len()]);
        for ((start, step), end) in steps.iter().zip(ends) {
            match step {
                Instruction::PushBytes(bytes) if self.taken() => {
                    check_shortest(bytes.as_bytes(), end.saturating_sub(*start))?;
                    self.stack.push(bytes.as_bytes().to_vec());
                }
                Instruction::PushBytes(_) => {}
                Instruction::Op(code) => self.step(*code, script)?,
            }
        }
        Ok(())
    }

    /// The end: one true item, nothing reserved, and a signature that ties all to the message.
    pub(super) fn finish(self, script: &Script) -> Result<(), ControlError> {
        check_clean(&self.stack, script)?;
        if let Some(code) = self.reserved {
            return Err(ControlError::Upgradeable { what: format!("the reserved opcode {code}") });
        }
        if self.signatures == 0 {
            return Err(ControlError::WithoutSignature { script: script.to_string() });
        }
        Ok(())
    }

    fn taken(&self) -> bool {
        self.branches.iter().all(|taken| *taken)
    }

    fn unknown(&self, script: &Script) -> ControlError {
        ControlError::NotJudged { what: format!("the script {script}") }
    }

    fn pop(&mut self, script: &Script) -> Result<Vec<u8>, ControlError> {
        self.stack.pop().ok_or_else(|| self.unknown(script))
    }

    fn pop_number(&mut self, script: &Script) -> Result<i64, ControlError> {
        let item = self.pop(script)?;
        script::read_scriptint(&item)
            .map_err(|_| RuleError::Minimal { detail: format!("the number {}", hex::encode(item)) }.into())
    }

    fn top(&self, script: &Script) -> Result<Vec<u8>, ControlError> {
        self.stack.last().cloned().ok_or_else(|| self.unknown(script))
    }

    fn push_truth(&mut self, value: bool) {
        self.stack.push(if value { vec![1] } else { Vec::new() });
    }

    fn step(&mut self, code: Opcode, script: &Script) -> Result<(), ControlError> {
        match code {
            op::OP_IF | op::OP_NOTIF => return self.branch(code == op::OP_IF, script),
            op::OP_ELSE => {
                let last = self.branches.last_mut();
                return last.map(|taken| *taken = !*taken).ok_or_else(|| self.unknown(script));
            }
            op::OP_ENDIF => return self.branches.pop().map(|_| ()).ok_or_else(|| self.unknown(script)),
            _ if !self.taken() => return Ok(()),
            _ => {}
        }
        match code {
            op::OP_CHECKSIG | op::OP_CHECKSIGVERIFY | op::OP_CHECKSIGADD => self.single(code, script),
            op::OP_CHECKMULTISIG | op::OP_CHECKMULTISIGVERIFY => self.multiple(code, script),
            op::OP_RIPEMD160 | op::OP_SHA256 | op::OP_HASH160 | op::OP_HASH256 => self.digest(code, script),
            op::OP_NOP1
            | op::OP_NOP4
            | op::OP_NOP5
            | op::OP_NOP6
            | op::OP_NOP7
            | op::OP_NOP8
            | op::OP_NOP9
            | op::OP_NOP10 => {
                self.reserved = self.reserved.or(Some(code));
                Ok(())
            }
            op::OP_CLTV | op::OP_CSV => {
                let item = self.top(script)?;
                check_number(&item)
            }
            op::OP_NOP => Ok(()),
            _ => self.plain(code, script),
        }
    }

    fn branch(&mut self, if_true: bool, script: &Script) -> Result<(), ControlError> {
        let mut enter = false;
        if self.taken() {
            let item = self.pop(script)?;
            if !matches!(item.as_slice(), [] | [1]) {
                return Err(RuleError::Minimal { detail: format!("the condition {}", hex::encode(item)) }.into());
            }
            enter = truth(&item) == if_true;
        }
        self.branches.push(enter);
        Ok(())
    }

    fn verified(&mut self, value: bool, verify: bool, script: &Script) -> Result<(), ControlError> {
        match (verify, value) {
            (false, value) => self.push_truth(value),
            (true, true) => {}
            (true, false) => return Err(self.unknown(script)),
        }
        Ok(())
    }

    fn single(&mut self, code: Opcode, script: &Script) -> Result<(), ControlError> {
        let key = self.pop(script)?;
        let count = if code == op::OP_CHECKSIGADD { Some(self.pop_number(script)?) } else { None };
        let signature = self.pop(script)?;
        let valid = self.checker.single(&signature, &key, script)?;
        self.signatures += usize::from(valid && names(script, &key));
        match count {
            Some(count) => {
                self.stack.push(number(count.saturating_add(i64::from(valid))));
                Ok(())
            }
            None => self.verified(valid, code == op::OP_CHECKSIGVERIFY, script),
        }
    }

    fn items(&mut self, script: &Script) -> Result<Vec<Vec<u8>>, ControlError> {
        let count = usize::try_from(self.pop_number(script)?).map_err(|_| self.unknown(script))?;
        let from = self.stack.len().checked_sub(count).filter(|_| count <= KEYS_MAX);
        Ok(self.stack.split_off(from.ok_or_else(|| self.unknown(script))?))
    }

    /// Signatures stand in the order of their keys; each key is tried once, from the last.
    fn multiple(&mut self, code: Opcode, script: &Script) -> Result<(), ControlError> {
        let mut keys = self.items(script)?;
        let signatures = self.items(script)?;
        if !self.pop(script)?.is_empty() {
            return Err(RuleError::Minimal { detail: "the item that multisig drops is not empty".to_owned() }.into());
        }
        for signature in &signatures {
            self.checker.check_encoding(signature, script)?;
        }
        let (mut open, mut named) = (signatures.len(), 0);
        for signature in signatures.iter().rev() {
            while keys.len() >= open {
                let Some(key) = keys.pop() else { break };
                if self.checker.ecdsa(signature, &key, script)? {
                    open -= 1;
                    named += usize::from(names(script, &key));
                    break;
                }
            }
        }
        if open > 0 && signatures.iter().any(|signature| !signature.is_empty()) {
            return Err(RuleError::NullFail.into());
        }
        self.signatures += if open == 0 { named } else { 0 };
        self.verified(open == 0, code == op::OP_CHECKMULTISIGVERIFY, script)
    }

    fn digest(&mut self, code: Opcode, script: &Script) -> Result<(), ControlError> {
        let item = self.pop(script)?;
        self.stack.push(match code {
            op::OP_RIPEMD160 => ripemd160::Hash::hash(&item).to_byte_array().to_vec(),
            op::OP_SHA256 => sha256::Hash::hash(&item).to_byte_array().to_vec(),
            op::OP_HASH160 => hash160::Hash::hash(&item).to_byte_array().to_vec(),
            _ => sha256d::Hash::hash(&item).to_byte_array().to_vec(),
        });
        Ok(())
    }

    /// Opcodes that move and compare items.
    fn plain(&mut self, code: Opcode, script: &Script) -> Result<(), ControlError> {
        match code {
            op::OP_VERIFY => {
                let value = truth(&self.pop(script)?);
                return self.verified(value, true, script);
            }
            op::OP_EQUAL | op::OP_EQUALVERIFY => {
                let same = self.pop(script)? == self.pop(script)?;
                return self.verified(same, code == op::OP_EQUALVERIFY, script);
            }
            op::OP_NUMEQUAL | op::OP_NUMEQUALVERIFY => {
                let same = self.pop_number(script)? == self.pop_number(script)?;
                return self.verified(same, code == op::OP_NUMEQUALVERIFY, script);
            }
            op::OP_GREATERTHANOREQUAL => {
                let (right, left) = (self.pop_number(script)?, self.pop_number(script)?);
                self.push_truth(left >= right);
            }
            op::OP_BOOLAND | op::OP_BOOLOR => {
                let (right, left) = (self.pop_number(script)? != 0, self.pop_number(script)? != 0);
                self.push_truth(if code == op::OP_BOOLAND { left && right } else { left || right });
            }
            op::OP_ADD => {
                let sum = self.pop_number(script)?.saturating_add(self.pop_number(script)?);
                self.stack.push(number(sum));
            }
            op::OP_0NOTEQUAL => {
                let value = self.pop_number(script)? != 0;
                self.push_truth(value);
            }
            op::OP_SIZE => {
                let length = i64::try_from(self.top(script)?.len()).map_err(|_| self.unknown(script))?;
                self.stack.push(number(length));
            }
            op::OP_DUP => {
                let item = self.top(script)?;
                self.stack.push(item);
            }
            op::OP_IFDUP => {
                let item = self.top(script)?;
                self.stack.extend(Some(item).filter(|item| truth(item)));
            }
            op::OP_DROP => drop(self.pop(script)?),
            op::OP_SWAP => {
                let (top, below) = (self.pop(script)?, self.pop(script)?);
                self.stack.extend([top, below]);
            }
            op::OP_TOALTSTACK => {
                let item = self.pop(script)?;
                self.aside.push(item);
            }
            op::OP_FROMALTSTACK => {
                let item = self.aside.pop().ok_or_else(|| self.unknown(script))?;
                self.stack.push(item);
            }
            _ => self.stack.push(constant(code).ok_or_else(|| self.unknown(script))?),
        }
        Ok(())
    }
}

/// Whether the script has the key or its hash: where it has neither, anybody's key will do.
fn names(script: &Script, key: &[u8]) -> bool {
    pushes(script, key)
        || pushes(script, hash160::Hash::hash(key).as_byte_array())
        || pushes(script, sha256::Hash::hash(key).as_byte_array())
        || pushes(script, sha256d::Hash::hash(key).as_byte_array())
        || pushes(script, ripemd160::Hash::hash(key).as_byte_array())
}

/// The bytes that an opcode for a small number pushes.
fn constant(code: Opcode) -> Option<Vec<u8>> {
    match code.to_u8() {
        byte if byte == OP_0.to_u8() => Some(Vec::new()),
        0x4f => Some(number(-1)),
        byte @ 0x51..=0x60 => Some(vec![byte - 0x50]),
        _ => None,
    }
}

/// A number in its shortest form: little-endian, the sign in the highest bit.
fn number(value: i64) -> Vec<u8> {
    let mut bytes: Vec<u8> = value.unsigned_abs().to_le_bytes().to_vec();
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    if bytes.last().is_some_and(|last| last & 0x80 != 0) {
        bytes.push(0);
    }
    if let Some(last) = bytes.last_mut().filter(|_| value < 0) {
        *last |= 0x80;
    }
    bytes
}

/// Numbers of timelocks have up to five bytes.
fn check_number(item: &[u8]) -> Result<(), ControlError> {
    let shortest = match item {
        [] => true,
        [last] => last & 0x7f != 0,
        [.., before, last] => last & 0x7f != 0 || before & 0x80 != 0,
    };
    match shortest {
        true => Ok(()),
        false => Err(RuleError::Minimal { detail: format!("the number {}", hex::encode(item)) }.into()),
    }
}

/// Whether a push of these bytes takes no more of the script than it must.
fn check_shortest(bytes: &[u8], taken: usize) -> Result<(), ControlError> {
    let shortest = match bytes {
        [] | [1..=16 | 0x81] => 1,
        _ if bytes.len() <= 75 => 1 + bytes.len(),
        _ if bytes.len() <= 255 => 2 + bytes.len(),
        _ => 3 + bytes.len(),
    };
    match taken == shortest {
        true => Ok(()),
        false => Err(RuleError::Minimal { detail: format!("a push of {} bytes takes {taken}", bytes.len()) }.into()),
    }
}
