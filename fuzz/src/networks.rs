//! Targets of several venues: networks of obligations, and claims of deposits.

use counterfoil::reconcile::network::elsewhere::Claim;
use counterfoil::reconcile::network::fraction::{Fraction, one, zero};
use counterfoil::reconcile::network::netting::{bilateral, cyclic};
use counterfoil::reconcile::network::{Obligations, fraction};

/// Larger networks take longer and show nothing else.
const NODES_MAX: usize = 8;

/// A network is refused, or cleared by payments that fit the definition.
pub fn clearing(bytes: &[u8]) {
    let Ok(network) = counterfoil::json::read::<Obligations>(bytes) else { return };
    if network.outside.len() > NODES_MAX {
        return;
    }
    let Ok(system) = network.system() else { return };
    let cleared = system.clear().unwrap();
    let owes = network.matrix().unwrap();
    let outside: Vec<Fraction> = network.outside.iter().map(|text| fraction::parse(text).unwrap()).collect();
    let share = |text: &str| fraction::parse(text).unwrap();
    let (alpha, beta) = (share(&network.alpha), share(&network.beta));
    let total: Vec<Fraction> = owes.iter().map(|row| row.iter().fold(zero(), |sum, part| sum + part)).collect();
    for paid in [&cleared.greatest, &cleared.least] {
        for (node, pays) in paid.iter().enumerate() {
            let debtors = (0..total.len()).filter(|from| total[*from] != zero());
            let got = debtors.fold(zero(), |sum, from| sum + &owes[from][node] / &total[from] * &paid[from]);
            let in_full = &outside[node] + &got >= total[node];
            let wanted = if in_full { total[node].clone() } else { &alpha * &outside[node] + &beta * got };
            assert_eq!(*pays, wanted);
            assert!(total[node] == zero() || pays / &total[node] <= one());
        }
    }
    assert!(cleared.least.iter().zip(&cleared.greatest).all(|(least, greatest)| least <= greatest));
    let (netted, _) = cyclic(&bilateral(&owes));
    assert!(cyclic(&netted).1.is_empty());
}

/// A claim that is read has one form.
pub fn deposit_claim(bytes: &[u8]) {
    if let Ok(claim) = Claim::parse(bytes) {
        assert_eq!(counterfoil::json::canonical(&claim).unwrap(), bytes);
    }
}
