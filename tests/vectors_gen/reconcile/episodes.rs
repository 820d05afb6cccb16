//! Public episodes, and dips.

use super::case;
use super::story::{BITCOIN, Chain, Story, chain, hot, owes};
use crate::vectors_gen::Vectors;

pub(super) fn add(vectors: &mut Vectors) {
    let mut put = |name, comment, story: &Story<'_>, wanted: &[&str]| {
        case(vectors, name, comment, &["Dip"], story, wanted);
    };
    // 500 × 2 blocks, 180 × 5, 465 × 14; mean (1,000 + 900 + 13 × 465) ÷ 20; 465 of 460
    put(
        "sender_of_320000",
        "320,000 out and 285,000 back before a clean snapshot",
        &owes(460_000, hot(500_000).left(102, 320_000, "another venue").came(107, 285_000, "another venue")),
        &[
            "not-determinable, fell-below",
            "low 465000, high 465000, came and went 0, not sustained 0",
            "minimum 180000, without trips 180000, by blocks",
            "statement 7: 465000 to 465000, 101.08 %",
            "below: 180000 of 460000 at 102",
            "window: 180000 at 102, median 465000, mean 397250, cut-off 465000, dressing 0.00 %, 21 of 21 blocks",
        ],
    );
    let receiver = |came, went| hot(500_000).came(came, 320_000, "another venue").left(went, 285_000, "another venue");
    // 500 × 12 blocks, 820 × 5, 535 × 4; mean (6,000 + 4,100 + 3 × 535) ÷ 20
    put(
        "receiver_of_320000",
        "+320,000 and −285,000 after a clean snapshot: flows are shown, nobody is accused",
        &owes(480_000, receiver(112, 117)),
        &[
            "covered, enough",
            "low 500000, high 500000, came and went 0, not sustained 0",
            "minimum 500000, without trips 500000, by blocks",
            "statement 7: 500000 to 500000, 104.16 %",
            "window: 500000 at 100, median 500000, mean 585250, cut-off 500000, dressing 0.00 %, 21 of 21 blocks",
        ],
    );
    // 500 × 8 blocks, 820 × 6, 535 × 7; mean (4,000 + 4,920 + 6 × 535) ÷ 20; (820 − 535) ÷ 820; 35 of 320 is above 1 %
    put(
        "dressed_by_320000",
        "the same around the snapshot: no round trip at a tolerance of 1 %, but a dip",
        &owes(800_000, receiver(108, 114)),
        &[
            "not-determinable, fell-below",
            "low 820000, high 820000, came and went 0, not sustained 0",
            "minimum 500000, without trips 500000, by blocks",
            "statement 7: 820000 to 820000, 102.50 %",
            "below: 500000 of 800000 at 100",
            "below: 535000 of 800000 at 114",
            "window: 500000 at 100, median 535000, mean 606500, cut-off 820000, dressing 34.75 %, 21 of 21 blocks",
        ],
    );
    // 35 of 320 is below 15 %: counted less all 320, possible less the 285 that went back
    put(
        "dressed_by_320000_wide",
        "the same at a tolerance of 15 %: a round trip, and short",
        &Story { tolerance: 1_500, ..owes(800_000, receiver(108, 114)) },
        &[
            "short, less-than-owed",
            "low 500000, high 535000, came and went 285000, not sustained 320000",
            "minimum 500000, without trips 500000, by blocks",
            "statement 7: 500000 to 535000, 62.50 %",
            "below: 500000 of 800000 at 100",
            "below: 500000 of 800000 at 110",
            "window: 500000 at 100, median 535000, mean 606500, cut-off 820000, dressing 34.75 %, 21 of 21 blocks",
            "trip: 320000 in at 108 to 108, 285000 out at 114 to 114, another venue",
        ],
    );
    // 274 × 11 blocks, 264 × 10; mean (11 × 274 + 9 × 264) ÷ 20; 274 of 260
    // the address fell to a third, the set by 3.6 %
    let wolf = chain(BITCOIN, &[("cold", 259_142), ("hot", 14_858)]).left(111, 10_000, "customers");
    put(
        "one_address_cries_wolf",
        "10,000 of 14,858 leave one address, which are 3.6 % of the set",
        &owes(260_000, wolf),
        &[
            "covered, enough",
            "low 274000, high 274000, came and went 0, not sustained 0",
            "minimum 264000, without trips 264000, by blocks",
            "statement 7: 274000 to 274000, 105.38 %",
            "window: 264000 at 111, median 274000, mean 269500, cut-off 274000, dressing 0.00 %, 21 of 21 blocks",
            "address cold: 259142 at 100",
            "address hot: 4858 at 111",
        ],
    );
    let early = || {
        let key = "410411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bf\
                   a9b8b64f9d4c03f999b8643f656b412a3ac";
        let coins = 100_000_000;
        let steps = [(170, 50, 10), (181, 40, 10), (182, 30, 1), (183, 29, 1), (248, 28, 10)];
        let start = Chain {
            later: None,
            shown: (9, 255),
            asked: (9, 255),
            snapshot: 100,
            ..chain(BITCOIN, &[(key, 50 * coins)])
        };
        let chain = steps.into_iter().fold(start, |chain, (height, spent, paid)| {
            let back = (key, (spent - paid) * coins);
            chain.moved(height, [&[(key, spent * coins)], &[back], &[], &[("another key", paid * coins)]])
        });
        Chain { decimals: 8, ..chain }
    };
    let early_window =
        "window: 1800000000 at 248, median 5000000000, mean -, cut-off 5000000000, dressing 0.00 %, 247 of 247 blocks";
    // 50 × 161 blocks, 40 × 11, 30, 29, 28 × 65, 18 × 8; the 124th of 247 sorted ones is 50
    put(
        "blocks_9_to_255",
        "a key of Bitcoin's first blocks: 50 at block 100, at least 18",
        &Story { decimals: 8, ..owes(5_000_000_000, early()) },
        &[
            "not-determinable, fell-below",
            "low 5000000000, high 5000000000, came and went 0, not sustained 0",
            "minimum 1800000000, without trips 1800000000, by blocks",
            "statement 7: 5000000000 to 5000000000, 100.00 %",
            "below: 1800000000 of 5000000000 at 248",
            early_window,
        ],
    );
    // 50 of 18
    put(
        "blocks_9_to_255_owing_18",
        "the same key, and no more owed than it always had",
        &Story { decimals: 8, ..owes(1_800_000_000, early()) },
        &[
            "covered, enough",
            "low 5000000000, high 5000000000, came and went 0, not sustained 0",
            "minimum 1800000000, without trips 1800000000, by blocks",
            "statement 7: 5000000000 to 5000000000, 277.77 %",
            early_window,
        ],
    );
    // 100 × 14 blocks, 99 × 2, 100 × 5; mean 1,998 ÷ 20
    put(
        "one_base_unit_below",
        "a dip of one base unit for two blocks: CF-7046",
        &owes(100, hot(100).left(114, 1, "a customer").came(116, 1, "another one")),
        &[
            "not-determinable, fell-below",
            "low 100, high 100, came and went 0, not sustained 0",
            "minimum 99, without trips 99, by blocks",
            "statement 7: 100 to 100, 100.00 %",
            "below: 99 of 100 at 114",
            "window: 99 at 114, median 100, mean 99, cut-off 100, dressing 0.00 %, 21 of 21 blocks",
        ],
    );
    // 30 go from one to the other: the sum stays
    let inside = chain(BITCOIN, &[("cold", 40), ("hot", 60)]).moved(112, [&[("hot", 30)], &[("cold", 30)], &[], &[]]);
    put(
        "internal_move",
        "what goes from one address of the set to another cancels",
        &owes(100, inside),
        &[
            "covered, enough",
            "low 100, high 100, came and went 0, not sustained 0",
            "minimum 100, without trips 100, by blocks",
            "statement 7: 100 to 100, 100.00 %",
            "window: 100 at 100, median 100, mean 100, cut-off 100, dressing 0.00 %, 21 of 21 blocks",
            "address cold: 40 at 100",
            "address hot: 30 at 112",
        ],
    );
    // 60 × 8 blocks, 100 × 5, 60 × 8; mean (480 + 500 + 420) ÷ 20; 40 of 100 above the median
    let fresh = hot(60).into_address("fresh", 108, 40, "somebody").out_of("fresh", 113, 40, "somebody else");
    put(
        "address_for_a_snapshot",
        "an address appears at 108 and is empty from 113 on: CF-7053, CF-7054",
        &owes(60, fresh),
        &[
            "covered, enough",
            "low 100, high 100, came and went 0, not sustained 0",
            "minimum 60, without trips 60, by blocks",
            "statement 7: 100 to 100, 166.66 %",
            "window: 60 at 100, median 60, mean 70, cut-off 100, dressing 40.00 %, 21 of 21 blocks",
            "address fresh: 0 at 100",
            "address hot: 60 at 100",
        ],
    );
    // 100 × 7 blocks, 60 × 7, 100 × 7; mean (700 + 420 + 600) ÷ 20; (60 − 100) ÷ 60 rounded down
    put(
        "low_at_the_snapshot",
        "less than usual at the cut-off: the dressing ratio is negative",
        &owes(60, hot(100).left(107, 40, "customers").came(114, 40, "others")),
        &[
            "covered, enough",
            "low 60, high 60, came and went 0, not sustained 0",
            "minimum 60, without trips 60, by blocks",
            "statement 7: 60 to 60, 100.00 %",
            "window: 60 at 107, median 100, mean 86, cut-off 60, dressing -66.67 %, 21 of 21 blocks",
        ],
    );
}
