use serde_json::Value;

use super::*;

#[test]
fn privacy_as_the_official_client_judges_it() {
    let text = include_str!("../../../tests/fixtures/remotion/4.0.527/vectors/validatePrivacy.json");
    let cases: Vec<Value> = serde_json::from_str(text).unwrap();
    for case in &cases {
        let input = &case["input"];
        let ours = Privacy::deserialize(&input["privacy"]);
        let fine = ours.is_ok_and(|privacy| input["allowPrivate"] == true || privacy.suits_sites());
        assert_eq!(fine, case.get("error").is_none(), "{}", case["name"]);
    }
    assert_eq!(cases.len(), 8);
}
