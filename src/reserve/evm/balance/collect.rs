//! From an opened state and a node's answers to holdings, address by address.

use std::collections::BTreeMap;

use super::{Asked, AskedToken, problem};
use crate::amount::Amount;
use crate::asset::DeploymentId;
use crate::basis::{Basis, Completeness};
use crate::code::{Coded, evm as codes, evm_token};
use crate::reserve::claim::{Holding, Problem};
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::answers::Answers;
use crate::reserve::evm::state::State;
use crate::reserve::evm::token::{OpenToken, TokenHolding, TokenRegistry, open};

/// What the trie says about one figure.
enum Proof {
    /// Nothing; and why, where the nodes are about something else.
    None(Option<Problem>),
    /// This counts, and this is what a node should have answered: frozen coins are a part of the balance.
    Amount { counted: Amount, shown: Amount },
    /// It was refused: the figure counts nothing, whatever a transcript says.
    Refused,
}

impl Proof {
    fn of(amount: Amount) -> Self {
        Self::Amount { counted: amount, shown: amount }
    }
}

/// A figure with what it rests on.
type Row = (Amount, Basis, Completeness);

pub(super) struct Collector<'a> {
    state: &'a State<'a>,
    asked: &'a Asked,
    answers: Answers,
    worth: Basis,
    holdings: Vec<Holding>,
    problems: Vec<Problem>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(
        state: &'a State<'a>,
        asked: &'a Asked,
        answers: Answers,
        worth: Basis,
        problems: Vec<Problem>,
    ) -> Self {
        Self { state, asked, answers, worth, holdings: Vec::new(), problems }
    }

    pub(super) fn run(mut self, tokens: &TokenRegistry) -> (Vec<Holding>, Vec<Problem>) {
        let opened = self.open_tokens(tokens);
        for (address, text) in &self.asked.addresses {
            self.address(*address, text, &opened);
        }
        (self.holdings, self.problems)
    }

    /// The tokens whose code is proved; why others are not is one problem each.
    fn open_tokens<'b>(&mut self, registry: &'b TokenRegistry) -> BTreeMap<EvmAddress, OpenToken<'b>>
    where
        'a: 'b,
    {
        let mut opened = BTreeMap::new();
        let (state, asked) = (self.state, self.asked);
        let Some(root) = state.root() else { return opened };
        for (contract, AskedToken { id, .. }) in &asked.tokens {
            match open(registry, state.chain(), *contract, root, &state.pool) {
                Ok(token) => {
                    opened.insert(*contract, token);
                }
                Err(error) => self.problems.push(Problem::from_error(id.as_str(), &error)),
            }
        }
        opened
    }

    fn address(&mut self, address: EvmAddress, text: &str, opened: &BTreeMap<EvmAddress, OpenToken<'_>>) {
        let asked = self.asked;
        let mut rows = Vec::new();
        if let Some(native) = &asked.native {
            rows.push((native, self.native(native, address)));
        }
        for (contract, token) in &asked.tokens {
            rows.push((&token.id, self.token(*contract, token, address, opened.get(contract))));
        }
        rows.sort_by(|left, right| left.0.cmp(right.0));
        for (deployment, row) in rows {
            let Some((amount, authenticity, completeness)) = row else { continue };
            self.holdings.push(Holding {
                deployment: deployment.clone(),
                address: text.to_owned(),
                id: address.to_string(),
                amount,
                made_at: None,
                authenticity,
                completeness,
            });
        }
    }

    fn native(&mut self, id: &DeploymentId, address: EvmAddress) -> Option<Row> {
        let proof = match self.state.account(address) {
            // nodes without the header of their block: that is a problem already
            None if !self.state.pool.is_empty() => Proof::Refused,
            None => Proof::None(None),
            Some(Ok(None)) => Proof::of(Amount::ZERO),
            Some(Ok(Some(account))) => match u128::try_from(account.balance) {
                Ok(balance) => Proof::of(Amount::from_base_units(balance)),
                Err(_) => {
                    let detail = format!("the balance {} exceeds 2^128 - 1", account.balance);
                    self.problems.push(problem(&codes::EVM_BALANCE_TOO_LARGE, address, detail));
                    Proof::Refused
                }
            },
            Some(Err(error)) if error.is_missing() => self.not_there(address, &error),
            Some(Err(error)) => {
                self.problems.push(Problem::from_error(address.to_string(), &error));
                Proof::Refused
            }
        };
        self.weigh(id, (None, address), proof)
    }

    fn token(
        &mut self,
        contract: EvmAddress,
        token: &AskedToken,
        address: EvmAddress,
        opened: Option<&OpenToken<'_>>,
    ) -> Option<Row> {
        let proof = match opened.map(|opened| (opened.holding(address), opened.in_shares())) {
            None => Proof::None(None),
            Some((Err(error), _)) if error.is_missing() => self.not_there(address, &error),
            Some((Err(error), _)) => {
                self.problems.push(Problem::from_error(address.to_string(), &error));
                Proof::Refused
            }
            Some((Ok(holding), shares)) if shares == token.shares => self.free(token, address, holding),
            Some((Ok(holding), shares)) => {
                let unit = if shares { "shares" } else { "base units of the token, not shares" };
                let detail =
                    format!("{} {unit} are shown, the policy counts {}", holding.amount.base_units(), token.id);
                self.problems.push(problem(&evm_token::EVM_TOKEN_SHARES, address, detail));
                Proof::Refused
            }
        };
        if token.shares && matches!(proof, Proof::None(_)) {
            // an answer of balanceOf is no number of shares
            return self.answered(None, &token.id, address, None);
        }
        self.weigh(&token.id, (Some(contract), address), proof)
    }

    /// Frozen coins are told and counted as zero.
    fn free(&mut self, token: &AskedToken, address: EvmAddress, holding: TokenHolding) -> Proof {
        if !holding.frozen {
            return Proof::of(holding.amount);
        }
        let detail = format!("{} base units of {} are frozen, counted as zero", holding.amount.base_units(), token.id);
        self.problems.push(problem(&evm_token::EVM_TOKEN_FROZEN, address, detail));
        Proof::Amount { counted: Amount::ZERO, shown: holding.amount }
    }

    /// The evidence does not speak of the question. With an empty pool nothing was offered, and nothing is to be told.
    fn not_there(&self, address: EvmAddress, error: &dyn Coded) -> Proof {
        let offered = !self.state.pool.is_empty();
        Proof::None(offered.then(|| Problem::from_error(address.to_string(), error)))
    }

    /// A proved figure beside a node's answer to the same question.
    fn weigh(&mut self, id: &DeploymentId, question: (Option<EvmAddress>, EvmAddress), proof: Proof) -> Option<Row> {
        let address = question.1;
        let answer = self.answers.amounts.get(&question).copied();
        let (amount, shown) = match proof {
            Proof::Refused => return None,
            Proof::None(why) => return self.answered(answer, id, address, why),
            Proof::Amount { counted, shown } => (counted, shown),
        };
        let answer = answer.flatten();
        if let Some(other) = answer.filter(|other| *other != shown) {
            let detail = format!("the proof says {}, the node {}", shown.base_units(), other.base_units());
            self.problems.push(problem(&codes::EVM_ANSWERS_DISAGREE, address, detail));
            if !self.state.anchored {
                return None;
            }
        }
        if self.state.anchored {
            return Some((amount, Basis::Proved, Completeness::Exact));
        }
        let stated = (amount, Basis::Stated, Completeness::UnspentStated);
        Some(answer.map_or(stated, |_| worth_of(amount, self.worth.max(Basis::Stated))))
    }

    /// A node's answer alone; `why` tells what the nodes of the trie lack.
    fn answered(
        &mut self,
        answer: Option<Option<Amount>>,
        id: &DeploymentId,
        address: EvmAddress,
        why: Option<Problem>,
    ) -> Option<Row> {
        match answer {
            Some(Some(amount)) => Some(worth_of(amount, self.worth)),
            Some(None) => None, // why is a problem already
            None => {
                let detail = format!("neither a proof nor a node's answer for {id}");
                self.problems.push(why.unwrap_or_else(|| problem(&codes::EVM_BALANCE_MISSING, address, detail)));
                None
            }
        }
    }
}

fn worth_of(amount: Amount, worth: Basis) -> Row {
    let completeness = match worth {
        Basis::Proved | Basis::Observed => Completeness::UnspentObserved,
        Basis::Stated => Completeness::UnspentStated,
        Basis::Assumed => Completeness::Existed,
    };
    (amount, worth, completeness)
}
