//! Linear equations over whole numbers, solved without a fraction on the way.

use num_bigint::BigInt;

/// The solution x of A·x = b as (numerators, their common denominator); `None` when there is not exactly one.
///
/// A row of `rows` is a row of A and, behind it, the entry of b. Elimination after Gauss and Jordan in Bareiss's form:
/// what stands in the rows at any time are minors of the input, so that no number grows beyond a determinant, and every
/// division has no rest.
pub(super) fn solve(mut rows: Vec<Vec<BigInt>>) -> Option<(Vec<BigInt>, BigInt)> {
    let count = rows.len();
    if rows.iter().any(|row| row.len() != count + 1) {
        return None;
    }
    let mut before = BigInt::from(1_u8);
    for at in 0..count {
        let has_pivot = |row: &Vec<BigInt>| row.get(at).is_some_and(|entry| *entry != BigInt::ZERO);
        let found = rows.iter().skip(at).position(has_pivot)? + at;
        rows.swap(at, found);
        let pivot_row = std::mem::take(rows.get_mut(at)?);
        let pivot = pivot_row.get(at)?.clone();
        for row in rows.iter_mut().enumerate().filter(|(number, _)| *number != at).map(|(_, row)| row) {
            let factor = row.get(at)?.clone();
            for (entry, above) in row.iter_mut().zip(&pivot_row) {
                *entry = (&*entry * &pivot - &factor * above) / &before;
            }
        }
        *rows.get_mut(at)? = pivot_row;
        before = pivot;
    }
    // every row now has the determinant on the diagonal, but for the sign that the swaps gave all of them alike
    let solution = rows.into_iter().map(|row| row.into_iter().last()).collect::<Option<Vec<_>>>()?;
    if before < BigInt::ZERO {
        return Some((solution.into_iter().map(|entry| -entry).collect(), -before));
    }
    Some((solution, before))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solved(rows: &[&[i64]]) -> Option<(Vec<i64>, i64)> {
        let rows = rows.iter().map(|row| row.iter().map(|entry| BigInt::from(*entry)).collect()).collect();
        let (above, below) = solve(rows)?;
        let small = |number: &BigInt| i64::try_from(number).expect("small");
        Some((above.iter().map(small).collect(), small(&below)))
    }

    #[test]
    fn small_systems() {
        assert_eq!(solved(&[]), Some((vec![], 1)));
        assert_eq!(solved(&[&[2, 3]]), Some((vec![3], 2)));
        assert_eq!(solved(&[&[-2, 3]]), Some((vec![-3], 2)), "the denominator is positive");
        // x + y = 3, x − y = 1, by another order of rows, too
        assert_eq!(solved(&[&[1, 1, 3], &[1, -1, 1]]), Some((vec![4, 2], 2)));
        assert_eq!(solved(&[&[0, 1, 5], &[1, 0, 7]]), Some((vec![7, 5], 1)));
        assert_eq!(solved(&[&[1, 1, 3], &[2, 2, 6]]), None, "a line of solutions");
        assert_eq!(solved(&[&[1, 1, 3], &[2, 2, 7]]), None, "no solution");
        assert_eq!(solved(&[&[1, 1], &[1, 1]]), None, "not square");
    }

    #[test]
    fn a_larger_one_satisfies_its_equations() {
        // a made-up regular matrix of 9 rows: large on the diagonal
        let entry = |row: i64, column: i64| if row == column { 97 } else { (row * 7 + column * 13) % 11 - 5 };
        let rows: Vec<Vec<BigInt>> = (0..9)
            .map(|row| (0..9).map(|column| entry(row, column)).chain([row * row - 4]).map(BigInt::from).collect())
            .collect();
        let (above, below) = solve(rows.clone()).expect("regular");
        for row in rows {
            let (wanted, entries) = row.split_last().expect("not empty");
            let got: BigInt = entries.iter().zip(&above).map(|(entry, value)| entry * value).sum();
            assert_eq!(got, wanted * &below);
        }
    }
}
