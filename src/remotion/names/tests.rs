use super::*;

#[test]
fn a_region_is_known_by_its_form() {
    assert!(REGIONS.into_iter().chain(["ap-southeast-7", "us-gov-west-1", "mx-central-1"]).all(is_region));
    for wrong in [
        "",
        "mars-1",
        "us-east",
        "useast1",
        "us-east-1a",
        "us-east-10",
        "US-EAST-1",
        "us--1",
        "eu-a-b-c-1",
        "us-east-1/",
    ] {
        assert!(!is_region(wrong), "{wrong}");
    }
}

#[test]
fn a_speculated_name_can_be_read() {
    for version in ["4.0.527", "4.0.0-alpha.12", "4.1.0+build"] {
        let name = FunctionName::parse(&FunctionName::speculate(version, 512, 600, 15).unwrap()).unwrap();
        assert_eq!((name.memory_mb, name.disk_mb, name.timeout_seconds), (512, 600, 15));
        assert!(name.version.is_none_or(|told| told == version), "{version}");
    }
}

#[test]
fn bucket_names() {
    for name in ["abc", "a.b.c", "a--b", "123", "1.2.a", "a.b-c.d", "1-2.3"] {
        assert!(is_bucket_name(name) && is_output_bucket_name(name), "{name}");
    }
    for name in ["2024.01", "1.2.3"] {
        assert!(is_bucket_name(name) && !is_output_bucket_name(name), "{name}");
    }
    for name in ["a-.b", "a.-b", "a..b", ".abc", "abc.", "-ab", "ab-", "a_b", "Abc", "ab\n", "1.2.3.4", "\u{e9}tat"] {
        assert!(!is_bucket_name(name), "{name}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_not_but_never_dies(text in "\\PC*|remotion-render-\\PC*|(remotionlambda-)?[a-z0-9.-]{0,70}") {
        let name = FunctionName::parse(&text);
        proptest::prop_assert!(name.is_none_or(|name| text.contains(&name.version_label)));
        let region = bucket_region(&text);
        proptest::prop_assert!(region.is_none_or(|region| text.contains(&region.replace('-', ""))));
        proptest::prop_assert!(!is_bucket_name(&text) || text.is_ascii());
    }

    #[test]
    fn a_name_tells_what_it_was_made_of(patch in 0u32..100_000, memory in 1u32.., disk in 1u32.., timeout in 1u32..) {
        let version = format!("4.0.{patch}");
        let name = FunctionName::parse(&FunctionName::speculate(&version, memory, disk, timeout).unwrap()).unwrap();
        proptest::prop_assert_eq!((name.memory_mb, name.disk_mb, name.timeout_seconds), (memory, disk, timeout));
        proptest::prop_assert_eq!(name.version.is_none_or(|told| told == version), true);
    }
}

#[test]
fn a_function_name_inside_an_arn_is_read() {
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:remotion-render-4-0-527-mem512mb-disk600mb-15sec";
    let name = FunctionName::parse(arn).unwrap();
    assert_eq!((name.memory_mb, name.disk_mb, name.timeout_seconds), (512, 600, 15));
}

#[test]
fn the_version_is_told_only_when_certain() {
    let version =
        |label: &str| FunctionName::parse(&format!("remotion-render-{label}-mem1mb-disk1mb-1sec")).unwrap().version;
    assert_eq!(version("4-0-527").as_deref(), Some("4.0.527"));
    assert_eq!(version("4-10-1000").as_deref(), Some("4.10.1000"));
    assert_eq!(version("14-10-1000"), None, "ten characters may be the head of more");
    assert_eq!(version("4-0-0-alph"), None, "cut");
    assert_eq!(version("4-0-0-al"), None, "4.0.0-al and 4.0.0+al have the same name");
}

#[test]
fn other_forms_are_not_function_names() {
    for name in [
        "remotion-render-mem1mb-disk1mb-1sec",
        "remotion-render-4-0-527-mem+1mb-disk1mb-1sec",
        "remotion-render-4-0-527-memmb-disk1mb-1sec",
        "remotion-render-4-0-527-mem1mb-disk1mb-99999999999sec",
        "render-4-0-527-mem1mb-disk1mb-1sec",
    ] {
        assert_eq!(FunctionName::parse(name), None, "{name}");
    }
}

#[test]
fn every_known_region_is_found_in_a_bucket_name() {
    for region in REGIONS {
        let bucket = format!("{BUCKET_PREFIX}{}-a1B2", region.replace('-', ""));
        assert_eq!(bucket_region(&bucket), Some(region));
        assert!(dns_suffix(region).starts_with("amazonaws.com"));
        assert_eq!(partition(region) == "aws-cn", region.contains("cn-"));
    }
}

#[test]
fn render_ids() {
    for id in ["m1yq8x2c0v", "1-day-m1yq8x2c0v", "3-days-m1yq8x2c0v", "30-days-m1yq8x2c0v"] {
        assert!(is_render_id(id), "{id}");
    }
    for id in ["", "m1yq8x2c0", "m1yq8x2c0vv", "M1yq8x2c0v", "2-days-m1yq8x2c0v", "../../etc/", "m1yq8x2c0v/"] {
        assert!(!is_render_id(id), "{id}");
    }
}

#[test]
fn sites_are_known_by_their_keys_and_tell_their_version() {
    for (key, id) in [
        ("sites/a/index.html", Some("a")),
        ("sites/my-site_!.*'()/x/y.js", Some("my-site_!.*'()")),
        ("sites/file-at-root.txt", None),
        ("sites//index.html", None),
        ("sites/a b/index.html", None),
        ("renders/a/out.mp4", None),
    ] {
        assert_eq!(site_of(key), id, "{key}");
    }
    for (html, version) in [
        ("<script>window.remotion_version = '4.0.527';</script>", Some("4.0.527")),
        ("window.remotion_version = \"5.0.0-beta.1\"", Some("5.0.0-beta.1")),
        ("window.remotion_version = '';", None),
        ("window.remotion_version = ", None),
        ("window.remotion_version = '4.0", None),
        ("<html>", None),
    ] {
        assert_eq!(site_version(html.as_bytes()).as_deref(), version, "{html}");
    }
    let url = "https://remotionlambda-cnnorth1-a.s3.cn-north-1.amazonaws.com.cn/sites/a/index.html";
    assert_eq!(serve_url("remotionlambda-cnnorth1-a", "cn-north-1", "a"), url);
}
