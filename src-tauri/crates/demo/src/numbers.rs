//! Numbers with their check characters, and the hash that everything is drawn from.

/// Mixes numbers into one, the same on every machine (splitmix64).
pub fn mix(seed: u64, parts: &[u64]) -> u64 {
    let mut state = seed ^ 0x9E37_79B9_7F4A_7C15;
    for part in parts {
        state = step(state ^ part.wrapping_mul(0xD6E8_FEB8_6659_FD93));
    }
    step(state)
}

fn step(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A share between 0 and 1.
pub fn share(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

/// One of a list.
pub fn pick<T: Copy>(list: &[T], hash: u64) -> T {
    list[usize::try_from(hash % list.len() as u64).unwrap_or(0)]
}

/// A citizen ID of 18 characters.
pub fn citizen_id(region: &str, birth: &str, order: u64) -> String {
    const WEIGHTS: [u64; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let first = format!("{region}{birth}{:03}", order % 1000);
    let sum: u64 = first
        .bytes()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u64::from(digit - b'0') * weight)
        .sum();
    format!(
        "{first}{}",
        ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2']
            [usize::try_from(sum % 11).unwrap_or(0)]
    )
}

const CREDIT: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The check character of 17 characters of a credit code, if they are of its charset.
pub fn credit_check(first: &str) -> Option<char> {
    const WEIGHTS: [usize; 17] = [
        1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
    ];
    let mut sum = 0;
    for (byte, weight) in first.bytes().zip(WEIGHTS) {
        sum += CREDIT.iter().position(|known| *known == byte)? * weight;
    }
    (first.len() == 17).then(|| char::from(CREDIT[(31 - sum % 31) % 31]))
}

/// A credit code: two characters of kind, six of region, the rest from a number.
pub fn credit_code(kind: &str, region: &str, mut number: u64) -> String {
    let mut body = String::new();
    for _ in 0..9 {
        body.push(char::from(
            CREDIT[usize::try_from(number % 31).unwrap_or(0)],
        ));
        number /= 31;
    }
    let first = format!("{kind}{region}{body}");
    let last = credit_check(&first).unwrap_or('0');
    format!("{first}{last}")
}

/// The same code with another check character.
pub fn wrong_last(code: &str) -> String {
    let mut text = code.to_owned();
    let last = text.pop().unwrap_or('0');
    text.push(if last == '1' { '2' } else { '1' });
    text
}

/// 64 hexadecimal digits.
pub fn key64(seed: u64, parts: &[u64]) -> String {
    (0..4)
        .map(|part| format!("{:016x}", mix(seed, &[parts, &[900 + part]].concat())))
        .collect()
}
