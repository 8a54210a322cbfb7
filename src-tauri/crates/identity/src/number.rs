//! The forms of a document's number, so far as one document replaces another.
//!
//! Sources: GB 11643 (15 and 18 digits); the permanent residence card for foreigners in its form of
//! three letters and twelve digits, and of 18 digits since 2023; the residence permits for residents of
//! Hong Kong, Macao and Taiwan with region codes 81, 82 and 83, against the travel permits that the
//! same people had before.

/// A region whose residents have a travel permit, and may have a residence permit too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Territory {
    /// 香港.
    HongKong,
    /// 澳门.
    Macao,
    /// 台湾.
    Taiwan,
}

/// The form of a document's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NumberForm {
    /// A resident's number of 15 digits.
    Resident15,
    /// A resident's number of 18.
    Resident18,
    /// 外国人永久居留身份证, three letters and twelve digits; the holder's birth as YYMMDD.
    ForeignerOld(u32),
    /// The same in 18 digits, beginning with 9.
    ForeignerNew(u32),
    /// 港澳台居民居住证.
    ResidencePermit(Territory),
    /// 来往内地（大陆）通行证.
    TravelPermit(Territory),
    /// Anything else.
    Other,
}

impl NumberForm {
    /// The form of a number in upper case, by its document's type where that is known.
    pub fn of(id_type: Option<&str>, number: &str) -> Self {
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !number.is_ascii() {
            return Self::Other;
        }
        match number.len() {
            18 if digits(&number[..17]) => Self::of_eighteen(id_type, number),
            15 if digits(number) => Self::Resident15,
            15 if number[..3].bytes().all(|byte| byte.is_ascii_uppercase())
                && digits(&number[3..]) =>
            {
                Self::ForeignerOld(number[7..13].parse().unwrap_or_default())
            }
            9 | 11 if digits(&number[1..]) && number.starts_with('H') => {
                Self::TravelPermit(Territory::HongKong)
            }
            9 | 11 if digits(&number[1..]) && number.starts_with('M') => {
                Self::TravelPermit(Territory::Macao)
            }
            8 if digits(number) && id_type == Some("511") => Self::TravelPermit(Territory::Taiwan),
            _ => Self::Other,
        }
    }

    fn of_eighteen(id_type: Option<&str>, number: &str) -> Self {
        match (id_type, &number[..2]) {
            (Some("001" | "01"), _) => Self::Other,
            (_, "81") => Self::ResidencePermit(Territory::HongKong),
            (_, "82") => Self::ResidencePermit(Territory::Macao),
            (_, "83") => Self::ResidencePermit(Territory::Taiwan),
            _ if number.starts_with('9') => {
                Self::ForeignerNew(number[8..14].parse().unwrap_or_default())
            }
            _ => Self::Resident18,
        }
    }

    /// Whether two numbers are an old and a new permanent residence card that can be one person's.
    pub fn is_card_replaced(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::ForeignerOld(one), Self::ForeignerNew(two))
                | (Self::ForeignerNew(one), Self::ForeignerOld(two)) if one == two
        )
    }

    /// Whether one is the residence permit and the other the travel permit of one region.
    pub fn is_permit_pair(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::ResidencePermit(one), Self::TravelPermit(two))
                | (Self::TravelPermit(one), Self::ResidencePermit(two)) if one == two
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_told_from_its_neighbours() {
        let form = NumberForm::of;
        assert_eq!(form(Some("111"), "230102900101123"), NumberForm::Resident15);
        assert_eq!(form(None, "23010219900101123X"), NumberForm::Resident18);
        assert_eq!(
            form(Some("553"), "USA110081010312"),
            NumberForm::ForeignerOld(810_103)
        );
        assert_eq!(
            form(Some("553"), "911840198101030005"),
            NumberForm::ForeignerNew(810_103)
        );
        assert_eq!(
            form(Some("131"), "830000199201300022"),
            NumberForm::ResidencePermit(Territory::Taiwan)
        );
        assert_eq!(
            form(Some("516"), "H12345678"),
            NumberForm::TravelPermit(Territory::HongKong)
        );
        assert_eq!(
            form(Some("511"), "12345678"),
            NumberForm::TravelPermit(Territory::Taiwan)
        );
        assert_eq!(form(Some("414"), "12345678"), NumberForm::Other);
        assert_eq!(form(Some("001"), "91230102000000000X"), NumberForm::Other);
        assert_eq!(form(None, "证件"), NumberForm::Other);
    }

    #[test]
    fn cards_of_two_births_and_permits_of_two_regions_are_no_replacement() {
        use NumberForm::{ForeignerNew, ForeignerOld, ResidencePermit, TravelPermit};
        assert!(ForeignerOld(810_103).is_card_replaced(ForeignerNew(810_103)));
        assert!(!ForeignerOld(810_103).is_card_replaced(ForeignerNew(810_104)));
        assert!(!ForeignerOld(810_103).is_card_replaced(ForeignerOld(810_103)));
        assert!(ResidencePermit(Territory::Macao).is_permit_pair(TravelPermit(Territory::Macao)));
        assert!(!ResidencePermit(Territory::Macao).is_permit_pair(TravelPermit(Territory::Taiwan)));
    }
}
