use proptest::prelude::*;

use super::*;

const STRICT: UrlRules = UrlRules { native: false, localhost: false };
const NATIVE: UrlRules = UrlRules { native: true, localhost: false };
const SANDBOX: UrlRules = UrlRules { native: false, localhost: true };
const ANY: UrlRules = UrlRules { native: true, localhost: true };

fn url(text: &str) -> RedirectUrl {
    RedirectUrl::stored(text.to_owned())
}

/// Good URLs with the weakest rules that allow them.
const GOOD: [(&str, UrlRules, RedirectKind); 52] = {
    use RedirectKind::*;
    [
        ("https://app.example.com/callback", STRICT, Https),
        ("https://app.example.com", STRICT, Https),
        ("https://app.example.com/", STRICT, Https),
        ("https://app.example.com?tenant=7", STRICT, Https),
        ("https://app.example.com/callback?tenant=7&x=a/b?c", STRICT, Https),
        ("https://app.example.com/callback?", STRICT, Https),
        ("https://app.example.com:8443/callback", STRICT, Https),
        ("https://app.example.com:80/callback", STRICT, Https),
        ("https://app.example.com:65535/callback", STRICT, Https),
        ("https://app.example.com:1/callback", STRICT, Https),
        ("https://app.example.com/Callback/UPPER", STRICT, Https),
        ("https://app.example.com/a//b", STRICT, Https),
        ("https://app.example.com//b", STRICT, Https),
        ("https://app.example.com/@ada:8/b", STRICT, Https),
        ("https://app.example.com/caf%C3%A9", STRICT, Https),
        ("https://app.example.com/caf%c3%a9", STRICT, Https),
        ("https://app.example.com/a%20b%2Fc%5Bd%5D", STRICT, Https),
        ("https://app.example.com/-._~!$&'()+,;=:@", STRICT, Https),
        ("https://app.example.com/.well-known/x", STRICT, Https),
        ("https://app.example.com/...", STRICT, Https),
        ("https://app.example.com/a..b/c.", STRICT, Https),
        ("https://app.example.com/a?x=../b", STRICT, Https),
        ("https://app.example.com/a?next=https://b.example/", STRICT, Https),
        ("https://a-b.example.com/", STRICT, Https),
        ("https://r3---sn-abc.example.com/", STRICT, Https),
        ("https://1.example.com/", STRICT, Https),
        ("https://1password.example/", STRICT, Https),
        ("https://intranet/callback", STRICT, Https),
        ("https://notlocalhost/callback", STRICT, Https),
        ("https://localhost.example.com/callback", STRICT, Https),
        ("https://xn--bcher-kva.example/callback", STRICT, Https),
        ("https://xn--fiqs8s/", STRICT, Https),
        ("https://8.8.8.8/callback", STRICT, Https),
        ("https://127.0.0.1/callback", STRICT, Https),
        ("https://[2606:4700::1111]/callback", STRICT, Https),
        ("https://[2606:4700::1111]:8443/callback", STRICT, Https),
        ("https://[::1]/callback", STRICT, Https),
        ("http://127.0.0.1/callback", STRICT, Loopback),
        ("http://127.0.0.1", STRICT, Loopback),
        ("http://127.0.0.1:3000/callback", STRICT, Loopback),
        ("http://127.0.0.1:443/callback", STRICT, Loopback),
        ("http://127.0.0.1:1?a", STRICT, Loopback),
        ("http://[::1]/callback", STRICT, Loopback),
        ("http://[::1]:3000/callback", STRICT, Loopback),
        ("http://localhost/callback", SANDBOX, Localhost),
        ("http://localhost:3000/callback", SANDBOX, Localhost),
        ("https://localhost:3000/callback", SANDBOX, Https),
        ("https://app.localhost/callback", SANDBOX, Https),
        ("com.example.app:/callback", NATIVE, PrivateUse),
        ("com.example.app:/", NATIVE, PrivateUse),
        ("com.example.my-app2:/a/b?c=d", NATIVE, PrivateUse),
        ("app.example:/oauth2redirect", NATIVE, PrivateUse),
    ]
};

#[test]
fn good_urls_are_kept_as_typed() {
    for (typed, rules, kind) in GOOD {
        let parsed = RedirectUrl::parse(typed, rules).unwrap_or_else(|fault| panic!("{typed}: {fault}"));
        assert_eq!((parsed.as_str(), parsed.kind()), (typed, kind));
        for wider in [ANY, UrlRules { native: true, ..rules }, UrlRules { localhost: true, ..rules }] {
            assert!(RedirectUrl::parse(typed, wider).is_ok(), "{typed} with {wider:?}");
        }
        if rules != STRICT {
            assert!(RedirectUrl::parse(typed, STRICT).is_err(), "{typed}");
        }
    }
}

/// Refused whatever the rules, with a part of the sentence.
const BAD: &[(&str, &str)] = &[
    // Absolute
    ("", "Enter a URL"),
    ("/callback", "Start with https:// and a host"),
    ("callback", "Start with https://"),
    ("?a=b", "Start with https://"),
    ("//app.example.com/callback", "Start with https://"),
    ("app.example.com/callback", "Start with https://"),
    ("app.example.com:8443/callback", "Start with https://"),
    ("localhost:3000/callback", "Start with https://"),
    ("127.0.0.1:3000/callback", "Start with https://"),
    ("[::1]:3000/callback", "Start with https://"),
    (":", "Start with https://"),
    ("://app.example.com/", "Start with https://"),
    ("1https://app.example.com/", "Start with https://"),
    ("ht_tps://app.example.com/", "Start with https://"),
    ("%68ttps://app.example.com/", "Start with https://"),
    ("\u{FF48}ttps://app.example.com/", "Start with https://"),
    ("https:", "exactly two slashes after the scheme, https://"),
    ("https:/", "two slashes"),
    ("https:/app.example.com/", "two slashes"),
    ("https:app.example.com/", "two slashes"),
    ("https:///app.example.com/", "two slashes"),
    ("https:////app.example.com/", "two slashes"),
    ("http:127.0.0.1/", "two slashes after the scheme, http://"),
    ("HTTPS://app.example.com/", "scheme in lower case, https:."),
    ("hTTp://127.0.0.1/", "scheme in lower case, http:."),
    // Schemes that are never allowed
    ("javascript:alert(1)", "The scheme javascript: is never allowed"),
    ("JavaScript:alert(1)", "The scheme javascript: is never allowed"),
    ("JAVASCRIPT://app.example.com/%250aalert(1)", "never allowed"),
    ("javascript:/callback", "never allowed"),
    ("javascript:1", "never allowed"),
    ("java\nscript:alert(1)", "U+000A (LINE FEED) at character 5"),
    ("java\tscript:alert(1)", "U+0009 (TAB) at character 5"),
    ("java script:alert(1)", "U+0020 (SPACE) at character 5"),
    ("java\u{200B}script:alert(1)", "U+200B (ZERO WIDTH SPACE) at character 5"),
    (" javascript:alert(1)", "U+0020 (SPACE) at character 1"),
    ("\u{1}javascript:alert(1)", "U+0001 at character 1"),
    ("javascript :alert(1)", "U+0020 (SPACE) at character 11"),
    ("java%73cript:alert(1)", "Start with https://"),
    ("javascript&colon;alert(1)", "Start with https://"),
    ("data:text/html,hello", "The scheme data: is never allowed"),
    ("Data:,x", "never allowed"),
    ("file:///etc/passwd", "The scheme file: is never allowed"),
    ("FILE:/c:/x", "never allowed"),
    ("vbscript:msgbox", "never allowed"),
    ("VBScript:msgbox", "never allowed"),
    ("blob:https://app.example.com/1", "never allowed"),
    ("about:blank", "never allowed"),
    ("ftp://app.example.com/", "The scheme ftp: is never allowed"),
    ("ws://app.example.com/", "never allowed"),
    ("wss://app.example.com/", "never allowed"),
    ("view-source:https://app.example.com/", "never allowed"),
    ("filesystem:https://app.example.com/x", "never allowed"),
    ("intent://x/", "never allowed"),
    ("mailto:ada@example.com", "never allowed"),
    // Characters
    (" https://app.example.com/", "U+0020 (SPACE) at character 1"),
    ("https://app.example.com/ ", "U+0020 (SPACE) at character 25"),
    ("https://app.example.com/a b", "U+0020 (SPACE) at character 26"),
    ("https://app.exa mple.com/", "U+0020 (SPACE) at character 16"),
    ("https://app.example.com/\0", "U+0000 (NUL) at character 25"),
    ("https://app.example.com/\u{7F}", "U+007F (DELETE)"),
    ("https://app.example.com/\r\nSet-Cookie:a=b", "U+000D (CARRIAGE RETURN) at character 25"),
    ("https://app.example.com/a\n", "U+000A (LINE FEED) at character 26"),
    ("ht\ntps://app.example.com/", "U+000A (LINE FEED) at character 3"),
    ("https://app.exam\tple.com/", "U+0009 (TAB) at character 17"),
    ("https://app.example.com/\u{85}", "U+0085 (NEXT LINE)"),
    ("https://app.example.com/\u{A0}", "U+00A0 (NO-BREAK SPACE)"),
    ("https://app.example.com/\u{AD}", "U+00AD (SOFT HYPHEN)"),
    ("https://app.example.com/\u{202E}moc", "U+202E (RIGHT-TO-LEFT OVERRIDE) at character 25"),
    ("https://app.\u{202E}example.com/", "U+202E (RIGHT-TO-LEFT OVERRIDE) at character 13"),
    ("https://app.example.com/\u{2066}", "U+2066 (LEFT-TO-RIGHT ISOLATE)"),
    ("https://app.example.com/\u{200F}", "U+200F (RIGHT-TO-LEFT MARK)"),
    ("https://app.example.com/\u{2028}", "U+2028 (LINE SEPARATOR)"),
    ("https://app.example.com/\u{3164}", "U+3164 at character 25"),
    ("https://app.example.com/\u{E0041}", "U+E0041 at character 25"),
    ("\u{FEFF}https://app.example.com/", "U+FEFF (BYTE ORDER MARK) at character 1"),
    ("https://app.ex\u{AD}ample.com/", "U+00AD (SOFT HYPHEN) at character 15"),
    ("https://app.ex\u{200D}ample.com/", "U+200D (ZERO WIDTH JOINER) at character 15"),
    ("https:\\\\app.example.com\\", "backslash “\\” (U+005C) at character 7"),
    ("https://app.example.com\\@evil.example/", "at character 24 with a slash"),
    ("https://app.example.com/a\\b", "backslash “\\” (U+005C) at character 26"),
    ("https://app.example.com/é", "Replace U+00E9 “é” at character 25 with %C3%A9"),
    ("https://app.example.com/?q=日", "Replace U+65E5 “日” at character 28 with %E6%97%A5"),
    ("https://app.example.com/א", "Replace U+05D0 at character 25 with %D7%90"),
    ("https://app.example.com/😀", "Replace U+1F600 at character 25 with %F0%9F%98%80"),
    ("https://app.example.com/\u{FF0F}..", "Replace U+FF0F at character 25 with %EF%BC%8F"),
    ("com.example.app:/é", "Replace U+00E9 “é” at character 18"),
    ("https://app.example.com/a\"b", "Replace “\"” at character 26 with %22"),
    ("https://app.example.com/<a>", "Replace “<” at character 25 with %3C"),
    ("https://app.example.com/a>", "with %3E"),
    ("https://app.example.com/{id}", "with %7B"),
    ("https://app.example.com/a|b", "with %7C"),
    ("https://app.example.com/a^b", "with %5E"),
    ("https://app.example.com/a`b", "with %60"),
    ("https://app.example.com/?a[]=1", "Replace “[” at character 27 with %5B"),
    // Percent signs
    ("https://app.example.com/%", "percent sign at character 25"),
    ("https://app.example.com/%2", "percent sign at character 25"),
    ("https://app.example.com/a%zz", "percent sign at character 26"),
    ("https://app.example.com/%2x", "percent sign at character 25"),
    ("https://app.example.com/%+1", "percent sign at character 25"),
    ("https://app.example.com/?100%", "percent sign at character 29"),
    ("https://app.example.com/%00", "Take out %00 at character 25: it stands for the invisible character U+0000 (NUL)"),
    ("https://app.example.com/?a=%0d%0A", "Take out %0d at character 28"),
    ("https://app.example.com/%7f", "U+007F (DELETE)"),
    ("com.example.app:/%", "percent sign at character 18"),
    // Dot segments
    ("https://app.example.com/..", "path segment “..” at character 25"),
    ("https://app.example.com/a/../b", "path segment “..” at character 27"),
    ("https://app.example.com/./a", "path segment “.” at character 25"),
    ("https://app.example.com/a/.", "path segment “.” at character 27"),
    ("https://app.example.com/a/..?x", "path segment “..”"),
    ("https://app.example.com/%2e%2e/a", "path segment “%2e%2e”"),
    ("https://app.example.com/.%2E/a", "path segment “.%2E”"),
    ("https://app.example.com/%2E/a", "path segment “%2E”"),
    ("https://app.example.com/a%2f..%2fb", "path segment “a%2f..%2fb”"),
    ("https://app.example.com/..%5Cb", "path segment “..%5Cb”"),
    ("https://app.example.com/..;/b", "path segment “..;”"),
    ("https://app.example.com/..%3bx=1/b", "path segment “..%3bx=1”"),
    ("com.example.app:/../b", "path segment “..” at character 18"),
    // Wildcards and fragments
    ("*", "wildcard “*” at character 1"),
    ("*://app.example.com/", "wildcard “*” at character 1"),
    ("https://*/", "wildcard “*” at character 9"),
    ("https://*.example.com/", "wildcard “*” at character 9"),
    ("https://app.*/callback", "wildcard “*” at character 13"),
    ("http://127.0.0.1:*/callback", "wildcard “*” at character 18"),
    ("https://app.example.com/*", "compared character by character"),
    ("https://app.example.com/?a=*", "wildcard “*” at character 28"),
    ("https://app.example.com/#", "“#” at character 25"),
    ("https://app.example.com#", "“#” at character 24"),
    ("https://app.example.com/?a#b", "“#” at character 27"),
    ("https://app.example.com#@evil.example/", "“#” at character 24"),
    ("com.example.app:/callback#", "“#” at character 26"),
    // User info
    ("https://ada@app.example.com/", "up to the “@” at character 12"),
    ("https://ada:secret@app.example.com/", "up to the “@” at character 19"),
    ("https://@app.example.com/", "up to the “@” at character 9"),
    ("https://:@app.example.com/", "up to the “@” at character 10"),
    ("https://app.example.com@evil.example/", "up to the “@” at character 24"),
    ("https://a@b@app.example.com/", "up to the “@” at character 12"),
    ("https://app.example.com@", "“@” at character 24"),
    ("http://127.0.0.1@evil.example/", "“@” at character 17"),
    ("http://127.0.0.1:80@evil.example/", "“@” at character 20"),
    // Hosts
    ("https://", "Type a host after https://"),
    ("https://?a", "Type a host after https://"),
    ("https://:8443/", "Type a host after https://"),
    ("https://App.example.com/", "host in lower case, app.example.com."),
    ("https://app.example.COM/", "host in lower case, app.example.com."),
    ("https://XN--BCHER-KVA.example/", "host in lower case, xn--bcher-kva.example."),
    ("http://LOCALHOST/", "host in lower case, localhost."),
    ("https://bücher.example/", "type xn--bcher-kva.example instead"),
    ("https://BÜCHER.example/", "type xn--bcher-kva.example instead"),
    ("https://bu\u{308}cher.example/", "type xn--bcher-kva.example instead"),
    ("https://аpple.example/", "type xn--pple-43d.example instead"),
    ("https://中国/", "type xn--fiqs8s instead"),
    ("https://ａｐｐ.example/", "type app.example instead"),
    ("https://app\u{3002}example/", "type app.example instead"),
    ("http://①②⑦.0.0.1/", "type 127.0.0.1 instead"),
    ("https://app.example.com\u{FF0F}evil.example/", "Replace U+FF0F at character 24"),
    ("https://app.example.com\u{FF1A}80/", "Replace U+FF1A at character 24"),
    ("https://app.example.com\u{2100}/", "Replace U+2100 at character 24"),
    ("https://bücher_.example/", "Replace U+00FC “ü” at character 10"),
    ("https://xn--/", "hyphen"),
    ("https://xn--a/", "the part of the host that starts with xn--"),
    ("https://xn--example.org/", "the part of the host that starts with xn--"),
    ("https://app%2eexample.com/", "percent sign at character 12"),
    ("https://%61pp.example.com/", "percent sign at character 9"),
    ("https://app.example.com%00.evil.example/", "percent sign at character 24"),
    ("https://app.example.com%23.evil.example/", "percent sign at character 24"),
    ("https://app.example.com./", "dot at the end of the host, app.example.com."),
    ("http://127.0.0.1./", "dot at the end of the host, 127.0.0.1."),
    ("http://localhost./", "dot at the end of the host, localhost."),
    ("https://./", "Type a host of at most 253"),
    ("https://app..example.com/", "Type a host of at most 253"),
    ("https://.example.com/", "Type a host of at most 253"),
    ("https://-app.example.com/", "hyphen"),
    ("https://app-.example.com/", "hyphen"),
    ("https://app_1.example.com/", "Replace “_” at character 12"),
    ("https://app!.example.com/", "Replace “!” at character 12"),
    ("https://app.example.com;evil.example/", "Replace “;” at character 24"),
    ("https://app.example.com,evil.example/", "Replace “,” at character 24"),
    ("https://app.example.com&evil.example/", "Replace “&” at character 24"),
    ("https://app<b>.example.com/", "Replace “<” at character 12"),
    // Addresses
    ("http://127.1/", "Type the host as 127.0.0.1"),
    ("http://127.0.1/", "Type the host as 127.0.0.1"),
    ("http://2130706433/", "Type the host as 127.0.0.1"),
    ("http://0x7f.1/", "Type the host as 127.0.0.1"),
    ("http://0X7F.1/", "Type the host as 127.0.0.1"),
    ("http://0x7f000001/", "Type the host as 127.0.0.1"),
    ("http://017700000001/", "Type the host as 127.0.0.1"),
    ("http://0177.0.0.1/", "Type the host as 127.0.0.1"),
    ("http://127.0.0.01/", "Type the host as 127.0.0.1"),
    ("http://127.000.000.001/", "Type the host as 127.0.0.1"),
    ("http://127.0.0.2/", "http:// is only for the loopback addresses"),
    ("http://127.255.255.254/", "http:// is only for"),
    ("http://0.0.0.0/", "http:// is only for"),
    ("http://0/", "Type the host as 0.0.0.0"),
    ("http://127.0.0.1.example.com/", "http:// is only for"),
    ("http://127.0.0.1.5/", "Type an IPv4 address as four numbers"),
    ("https://256.0.0.1/", "Type an IPv4 address as four numbers"),
    ("https://1.2.3.4.5/", "Type an IPv4 address as four numbers"),
    ("https://example.1/", "Type an IPv4 address as four numbers"),
    ("https://example.0x1/", "Type an IPv4 address as four numbers"),
    ("https://4294967296/", "Type an IPv4 address as four numbers"),
    ("https://8.8.2056/", "Type the host as 8.8.8.8"),
    ("http://[0:0:0:0:0:0:0:1]/", "Type the host as [::1]"),
    ("http://[::0001]/", "Type the host as [::1]"),
    ("http://[0::1]/", "Type the host as [::1]"),
    ("https://[2606:4700::ABCD]/", "Type the host as [2606:4700::abcd]"),
    ("http://[::ffff:127.0.0.1]/", "Type the host as 127.0.0.1: this IPv6 address"),
    ("http://[::ffff:7f00:1]/", "Type the host as 127.0.0.1: this IPv6 address"),
    ("http://[::127.0.0.1]/", "Type the host as [::7f00:1]"),
    ("http://[::]/", "http:// is only for"),
    ("http://[::2]/", "http:// is only for"),
    ("http://[::1%25lo]/", "Type an IPv6 address in brackets"),
    ("http://[::1%lo]/", "Type an IPv6 address in brackets"),
    ("http://[::1/", "Type an IPv6 address in brackets"),
    ("http://[::1]evil.example/", "Type an IPv6 address in brackets"),
    ("http://[::1].evil.example/", "Type an IPv6 address in brackets"),
    ("http://[127.0.0.1]/", "Type an IPv6 address in brackets"),
    ("https://[]/", "Type an IPv6 address in brackets"),
    ("https://[v1.a]/", "Type an IPv6 address in brackets"),
    ("https://[::1]]/", "Type an IPv6 address in brackets"),
    ("https://::1/", "Type a host after"),
    ("https://2606:4700::1/", "an IPv6 address needs brackets"),
    // Schemes and hosts together
    ("http://app.example.com/", "Type https://; http:// is only for"),
    ("http://192.168.0.1/", "Type https://; http:// is only for"),
    ("http://app.localhost/", "Type https://; http:// is only for"),
    ("http://localhost.example.com/", "Type https://; http:// is only for"),
    ("http://notlocalhost/", "Type https://; http:// is only for"),
    // Ports
    ("https://app.example.com:/", "Leave out the colon after the host"),
    ("https://app.example.com:", "Leave out the colon after the host"),
    ("http://[::1]:/", "Leave out the colon after the host"),
    ("https://app.example.com:443/", "Leave out :443, the port that https: has anyway"),
    ("http://127.0.0.1:80/", "Leave out :80, the port that http: has anyway"),
    ("http://[::1]:80/", "Leave out :80"),
    ("https://app.example.com:0/", "from 1 to 65535"),
    ("http://127.0.0.1:0/", "from 1 to 65535"),
    ("https://app.example.com:0443/", "without zeros in front"),
    ("https://app.example.com:65536/", "from 1 to 65535"),
    ("https://app.example.com:99999999999999999999/", "from 1 to 65535"),
    ("https://app.example.com:-1/", "from 1 to 65535"),
    ("https://app.example.com:+443/", "from 1 to 65535"),
    ("https://app.example.com:8a/", "from 1 to 65535"),
    ("https://app.example.com:80:90/", "from 1 to 65535"),
    ("https://app.example.com:８０/", "from 1 to 65535"),
    ("https://app.example.com:%38/", "from 1 to 65535"),
];

#[test]
fn bad_urls_are_refused_with_a_reason() {
    for (typed, part) in BAD {
        for rules in [ANY, SANDBOX] {
            let private_use = typed.starts_with("com.example.app:");
            if private_use && !rules.native {
                continue;
            }
            let sentence = RedirectUrl::parse(typed, rules).expect_err(typed).to_string();
            assert!(sentence.contains(part), "{typed:?}: {sentence}");
        }
        assert!(RedirectUrl::parse(typed, STRICT).is_err(), "{typed:?}");
        assert!(RedirectUrl::parse(typed, NATIVE).is_err(), "{typed:?}");
    }
}

#[test]
fn localhost_and_private_use_schemes_depend_on_the_rules() {
    for (typed, rules, part) in [
        ("http://localhost/", NATIVE, "instead of localhost"),
        ("http://localhost:3000/a", STRICT, "only while the service is in sandbox"),
        ("https://localhost/", STRICT, "instead of localhost"),
        ("https://app.localhost/", STRICT, "instead of localhost"),
        ("com.example.app:/callback", SANDBOX, "only for native clients"),
        ("myapp:/callback", SANDBOX, "instead of myapp:; schemes of an app's own are only for native clients"),
        ("myapp:/callback", ANY, "a domain of yours in reverse instead of myapp:"),
        ("myapp://callback", ANY, "a domain of yours in reverse"),
        ("my-app:/callback", ANY, "a domain of yours in reverse"),
        ("com..app:/callback", ANY, "a domain of yours in reverse"),
        ("com.example.:/callback", ANY, "a domain of yours in reverse"),
        ("com.-example:/callback", ANY, "a domain of yours in reverse"),
        ("com.example+app:/callback", ANY, "a domain of yours in reverse"),
        ("com.Example.App:/callback", ANY, "scheme in lower case, com.example.app:."),
        ("com.example.app:", ANY, "Type one slash and a path after the scheme, like com.example.app:/callback"),
        ("com.example.app:callback", ANY, "Type one slash"),
        ("com.example.app://callback", ANY, "Type one slash"),
        ("com.example.app:///callback", ANY, "Type one slash"),
        ("com.example.app:?a=b", ANY, "Type one slash"),
    ] {
        let sentence = RedirectUrl::parse(typed, rules).expect_err(typed).to_string();
        assert!(sentence.contains(part), "{typed:?}: {sentence}");
    }
}

#[test]
fn length_is_counted_in_characters() {
    let longest = format!("https://app.example.com/{}", "a".repeat(MAX_URL_CHARS - 24));
    assert_eq!(longest.len(), 2000);
    assert!(RedirectUrl::parse(&longest, STRICT).is_ok());
    let fault = RedirectUrl::parse(&(longest + "a"), STRICT).unwrap_err();
    assert_eq!(fault.to_string(), "Use at most 2000 characters; this has 2001.");
    let wide = "é".repeat(2000);
    assert_eq!(RedirectUrl::parse(&wide, STRICT), Err(UrlFault::SchemeMissing));
    let label = "a".repeat(63);
    let scheme = format!("{label}.{label}.{label}.{label}:/callback");
    assert!(matches!(RedirectUrl::parse(&scheme, ANY), Err(UrlFault::PrivateUseForm { .. })));
    assert!(RedirectUrl::parse(&scheme.replacen("aaa", "", 1), ANY).is_ok());
    assert!(RedirectUrl::parse(&format!("https://{label}.example/"), STRICT).is_ok());
    assert_eq!(RedirectUrl::parse(&format!("https://{label}a.example/"), STRICT), Err(UrlFault::HostShape));
    let name = format!("{label}.{label}.{label}.{}", "a".repeat(61));
    assert!(RedirectUrl::parse(&format!("https://{name}/"), STRICT).is_ok());
    assert_eq!(RedirectUrl::parse(&format!("https://{name}a/"), STRICT), Err(UrlFault::HostShape));
}

#[test]
fn hosts_are_shown_in_both_forms() {
    for (text, host, unicode) in [
        ("https://app.example.com/a", Some("app.example.com"), None),
        ("https://app.example.com:8443", Some("app.example.com"), None),
        ("https://app.example.com?u=http://b.example", Some("app.example.com"), None),
        ("https://xn--bcher-kva.example/a", Some("xn--bcher-kva.example"), Some("bücher.example")),
        ("https://xn--pple-43d.example:1/a", Some("xn--pple-43d.example"), Some("аpple.example")),
        ("http://127.0.0.1:3000/a", Some("127.0.0.1"), None),
        ("http://[::1]:3000/a", Some("[::1]"), None),
        ("com.example.app:/a?u=https://b.example", None, None),
        ("https://xn--bcher-kva8445foa.example/", Some("xn--bcher-kva8445foa.example"), None),
    ] {
        assert_eq!(url(text).host().as_deref(), host, "{text}");
        assert_eq!(url(text).unicode_host().as_deref(), unicode, "{text}");
    }
    // FRACTION SLASH passes for a slash, so that the host would seem to end before it.
    let ascii = url::Host::parse("app.example\u{2044}a.example").unwrap().to_string();
    assert!(ascii.starts_with("app.xn--"), "{ascii}");
    assert_eq!(url(&format!("https://{ascii}/")).unicode_host(), None);
}

#[test]
fn hosts_inside_a_network_are_told_from_public_ones() {
    for host in "localhost a.localhost intranet wiki printer.local wiki.internal nas.home.arpa nas.lan dc.corp \
        127.0.0.1 127.9.9.9 0.0.0.0 10.0.0.1 100.64.0.1 100.127.255.255 169.254.169.254 172.16.0.1 172.31.255.255 \
        192.0.0.8 192.0.2.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 \
        255.255.255.255 [::1] [::] [fd00::1] [fe80::1] [ff02::1] [2001:db8::1] [2001::1] [3fff::1] [64:ff9b::a00:1] \
        [2002:7f00:1::] [64:ff9b:1::808:808] [100::1]"
        .split_whitespace()
    {
        assert!(url(&format!("https://{host}/a")).is_private_or_loopback_host(), "{host}");
    }
    for host in "example.com local.example.com shop.xlocal xlocal.example localhost.example.com 8.8.8.8 9.255.255.255 \
        11.0.0.1 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 192.169.0.1 198.17.0.1 198.20.0.1 \
        223.255.255.255 [2606:4700::1111] [2001:4860:4860::8888] [2002:808:808::] [64:ff9b::808:808] \
        xn--bcher-kva.example"
        .split_whitespace()
    {
        assert!(!url(&format!("https://{host}:8443/a")).is_private_or_loopback_host(), "{host}");
    }
    assert!(url("http://127.0.0.1:3000/").is_private_or_loopback_host());
    assert!(!url("com.example.app:/a").is_private_or_loopback_host());
}

/// What is registered, and what it accepts for any client.
const CALLBACK: &str = "https://app.example.com/callback?tenant=7";

/// Everything that some parser somewhere takes for `CALLBACK`, or for a URL on its host.
const TRICKS: &[&str] = &[
    "",
    " ",
    "https://app.example.com/callback",
    "https://app.example.com/callback?",
    "https://app.example.com/callback?tenant=",
    "https://app.example.com/callback?tenant=77",
    "https://app.example.com/callback?tenant=7&",
    "https://app.example.com/callback?tenant=7&a=b",
    "https://app.example.com/callback?tenant=7&tenant=8",
    "https://app.example.com/callback?a=b&tenant=7",
    "https://app.example.com/callback?tenant=7;a=b",
    "https://app.example.com/callback?tenant=%37",
    "https://app.example.com/callback?tenan%74=7",
    "https://app.example.com/callback?Tenant=7",
    "https://app.example.com/callback?tenant=7#",
    "https://app.example.com/callback?tenant=7#a",
    "https://app.example.com/callback?tenant=7%23",
    "https://app.example.com/callback?tenant=7%00",
    "https://app.example.com/callback?tenant=7 ",
    " https://app.example.com/callback?tenant=7",
    "https://app.example.com/callback?tenant=7\n",
    "https://app.example.com/callback?tenant=7\r\n",
    "https://app.example.com/callback?tenant=7\0",
    "\u{FEFF}https://app.example.com/callback?tenant=7",
    "https://app.example.com/callback?tenant=7\u{200B}",
    "\thttps://app.example.com/callback?tenant=7",
    "https://app.exa\tmple.com/callback?tenant=7",
    "ht\ntps://app.example.com/callback?tenant=7",
    "https://app.example.com/callback/?tenant=7",
    "https://app.example.com//callback?tenant=7",
    "https://app.example.com/./callback?tenant=7",
    "https://app.example.com/a/../callback?tenant=7",
    "https://app.example.com/%2e/callback?tenant=7",
    "https://app.example.com/a/%2e%2e/callback?tenant=7",
    "https://app.example.com/callback/../evil?tenant=7",
    "https://app.example.com/callback/..%2fevil?tenant=7",
    "https://app.example.com/callback;a=b?tenant=7",
    "https://app.example.com/callbac%6B?tenant=7",
    "https://app.example.com/callbac%6b?tenant=7",
    "https://app.example.com/Callback?tenant=7",
    "https://app.example.com/callback%3Ftenant=7",
    "https://app.example.com%2Fcallback?tenant=7",
    "https://app.example.com\\callback?tenant=7",
    "https:\\\\app.example.com\\callback?tenant=7",
    "https:/app.example.com/callback?tenant=7",
    "https:app.example.com/callback?tenant=7",
    "https:///app.example.com/callback?tenant=7",
    "//app.example.com/callback?tenant=7",
    "/callback?tenant=7",
    "http://app.example.com/callback?tenant=7",
    "HTTPS://app.example.com/callback?tenant=7",
    "Https://app.example.com/callback?tenant=7",
    "https://APP.example.com/callback?tenant=7",
    "https://app.example.COM/callback?tenant=7",
    "https://app.example.com./callback?tenant=7",
    "https://app.example.com:443/callback?tenant=7",
    "https://app.example.com:/callback?tenant=7",
    "https://app.example.com:0443/callback?tenant=7",
    "https://app.example.com:8443/callback?tenant=7",
    "https://@app.example.com/callback?tenant=7",
    "https://:@app.example.com/callback?tenant=7",
    "https://ada@app.example.com/callback?tenant=7",
    "https://app.example.com@evil.example/callback?tenant=7",
    "https://app.example.com:443@evil.example/callback?tenant=7",
    "https://app.example.com%40evil.example/callback?tenant=7",
    "https://evil.example\\@app.example.com/callback?tenant=7",
    "https://evil.example#@app.example.com/callback?tenant=7",
    "https://evil.example?@app.example.com/callback?tenant=7",
    "https://evil.example/https://app.example.com/callback?tenant=7",
    "https://evil.example%23.app.example.com/callback?tenant=7",
    "https://evil.app.example.com/callback?tenant=7",
    "https://app.example.com.evil.example/callback?tenant=7",
    "https://evilapp.example.com/callback?tenant=7",
    "https://example.com/callback?tenant=7",
    "https://app.example.co/callback?tenant=7",
    "https://app%2Eexample%2Ecom/callback?tenant=7",
    "https://аpp.example.com/callback?tenant=7",
    "https://xn--pp-6kc.example.com/callback?tenant=7",
    "https://ａpp.example.com/callback?tenant=7",
    "https://app\u{3002}example.com/callback?tenant=7",
    "https://app.example.com\u{FF0F}callback?tenant=7",
    "https://app.ex\u{AD}ample.com/callback?tenant=7",
    "https://app.example.com/callback\u{FF1F}tenant=7",
    "https://*.example.com/callback?tenant=7",
    "https://app.example.com/*",
    "javascript:https://app.example.com/callback?tenant=7",
    "data:text/html,https://app.example.com/callback?tenant=7",
    "view-source:https://app.example.com/callback?tenant=7",
    "https://app.example.com/callback?tenant=7https://app.example.com/callback?tenant=7",
    "https://app.example.com/callback?tenant=7,https://evil.example",
];

#[test]
fn only_the_very_same_url_is_accepted() {
    assert!(RedirectUrl::parse(CALLBACK, STRICT).is_ok());
    for native in [false, true] {
        assert!(url(CALLBACK).accepts(CALLBACK, native));
        for trick in TRICKS {
            assert!(!url(CALLBACK).accepts(trick, native), "{trick:?}");
        }
    }
}

/// Requests that a native client may not make when `http://127.0.0.1:3000/cb?a=b` is registered.
const LOOPBACK_TRICKS: &[&str] = &[
    "http://127.0.0.1:3000",
    "http://127.0.0.1:3000/",
    "http://127.0.0.1:3000/cb",
    "http://127.0.0.1:3000/cb/?a=b",
    "http://127.0.0.1:3000/cb?a=b&c=d",
    "http://127.0.0.1:3000/cb?a=b#",
    "http://127.0.0.1:3000/x/../cb?a=b",
    "http://127.0.0.1:3000//cb?a=b",
    "http://127.0.0.1:3000\\cb?a=b",
    "http://127.0.0.1:3000/CB?a=b",
    "http://127.0.0.1:3000/%63b?a=b",
    "http://127.0.0.1:3000/cb?a=b ",
    "http://127.0.0.1:3000/cb?a=b\n",
    "http://127.0.0.1:/cb?a=b",
    "http://127.0.0.1:0/cb?a=b",
    "http://127.0.0.1:00/cb?a=b",
    "http://127.0.0.1:03000/cb?a=b",
    "http://127.0.0.1:65536/cb?a=b",
    "http://127.0.0.1:4294967376/cb?a=b",
    "http://127.0.0.1:+80/cb?a=b",
    "http://127.0.0.1:-1/cb?a=b",
    "http://127.0.0.1: 80/cb?a=b",
    "http://127.0.0.1:80 /cb?a=b",
    "http://127.0.0.1:8\t0/cb?a=b",
    "http://127.0.0.1:０/cb?a=b",
    "http://127.0.0.1:٣/cb?a=b",
    "http://127.0.0.1:%38%30/cb?a=b",
    "http://127.0.0.1:80:80/cb?a=b",
    "http://127.0.0.1::80/cb?a=b",
    "http://127.0.0.1:80@evil.example/cb?a=b",
    "http://127.0.0.1:@evil.example/cb?a=b",
    "http://127.0.0.1@evil.example/cb?a=b",
    "http://127.0.0.1:80\\@evil.example/cb?a=b",
    "http://127.0.0.1:80#@evil.example/cb?a=b",
    "http://127.0.0.1:80.evil.example/cb?a=b",
    "http://127.0.0.1.evil.example/cb?a=b",
    "http://127.0.0.1evil.example/cb?a=b",
    "http://127.0.0.10/cb?a=b",
    "http://127.0.0.1./cb?a=b",
    "http://127.0.0.1%2Fcb?a=b",
    "http://evil.example/cb?a=b",
    "http://evil.example#http://127.0.0.1/cb?a=b",
    "http://evil.example/http://127.0.0.1/cb?a=b",
    "http://ada@127.0.0.1/cb?a=b",
    "http://@127.0.0.1/cb?a=b",
    "http://127.1/cb?a=b",
    "http://127.0.0.2/cb?a=b",
    "http://0.0.0.0/cb?a=b",
    "http://2130706433/cb?a=b",
    "http://0x7f.1/cb?a=b",
    "http://0177.0.0.1/cb?a=b",
    "http://127.0.0.01/cb?a=b",
    "http://localhost/cb?a=b",
    "http://localhost:3000/cb?a=b",
    "http://[::1]/cb?a=b",
    "http://[::1]:3000/cb?a=b",
    "http://[::ffff:127.0.0.1]/cb?a=b",
    "http://①27.0.0.1/cb?a=b",
    "http://127\u{3002}0.0.1/cb?a=b",
    "https://127.0.0.1:3000/cb?a=b",
    "HTTP://127.0.0.1:3000/cb?a=b",
    "http:127.0.0.1/cb?a=b",
    "http:///127.0.0.1/cb?a=b",
    "http:\\\\127.0.0.1/cb?a=b",
    "//127.0.0.1/cb?a=b",
    " http://127.0.0.1:3000/cb?a=b",
];

#[test]
fn a_native_client_may_change_the_port_of_a_loopback_url_and_nothing_else() {
    let registered = url("http://127.0.0.1:3000/cb?a=b");
    for port in ["", ":1", ":80", ":443", ":3000", ":49152", ":65535"] {
        let requested = format!("http://127.0.0.1{port}/cb?a=b");
        assert!(registered.accepts(&requested, true), "{requested}");
        assert_eq!(registered.accepts(&requested, false), port == ":3000", "{requested}");
    }
    for trick in LOOPBACK_TRICKS {
        assert!(!registered.accepts(trick, true), "{trick:?}");
        assert!(!registered.accepts(trick, false), "{trick:?}");
    }
    for (registered, requested, accepted) in [
        ("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb", true),
        ("http://127.0.0.1", "http://127.0.0.1:5000", true),
        ("http://127.0.0.1", "http://127.0.0.1:5000/", false),
        ("http://127.0.0.1?a", "http://127.0.0.1:5000?a", true),
        ("http://[::1]/cb", "http://[::1]:5000/cb", true),
        ("http://[::1]:1/cb", "http://[::1]/cb", true),
        ("http://[::1]/cb", "http://[::1]5000/cb", false),
        ("http://[::1]/cb", "http://[0:0:0:0:0:0:0:1]:5000/cb", false),
        ("http://[::1]/cb", "http://127.0.0.1:5000/cb", false),
        ("http://127.0.0.1.evil.example/cb", "http://127.0.0.1:80.evil.example/cb", false),
        ("http://localhost/cb", "http://localhost:5000/cb", false),
        ("https://127.0.0.1/cb", "https://127.0.0.1:5000/cb", false),
        ("https://[::1]/cb", "https://[::1]:5000/cb", false),
        ("https://app.example.com/cb", "https://app.example.com:5000/cb", false),
        ("com.example.app:/cb", "com.example.app:/cb", true),
        ("com.example.app:/cb", "com.example.app://cb", false),
        ("com.example.app:/cb", "com.example.app:/cb?a", false),
        ("com.example.app:/cb", "com.example.app:cb", false),
        ("com.example.app:/cb", "COM.example.app:/cb", false),
        ("com.example.app:/cb", "com.example.app2:/cb", false),
        ("com.example.app:/cb", "com.example.app:5000/cb", false),
    ] {
        assert_eq!(url(registered).accepts(requested, true), accepted, "{registered} {requested}");
    }
}

#[test]
fn lines_are_read_as_a_text_area_sends_them() {
    let read = |text: &str| parse_url_lines(text, STRICT);
    assert_eq!(read(""), Ok(vec![]));
    assert_eq!(read(" \t\r\n\r\n"), Ok(vec![]));
    let two = Ok(vec![url("https://a.example/"), url("https://b.example/")]);
    assert_eq!(read("https://a.example/\r\nhttps://b.example/"), two);
    assert_eq!(read("\n  https://a.example/\t\n\nhttps://b.example/ \r\n\n"), two);
    assert_eq!(
        read("https://a.example/\nhttps://A.example/").unwrap_err(),
        ["Line 2: Type the host in lower case, a.example."]
    );
    assert_eq!(read("\n\nhttps://A.example/").unwrap_err(), ["Type the host in lower case, a.example."]);
    assert_eq!(
        read("https://a.example/\n\nhttp://b.example/\nhttps://a.example/\nhttps://c.example/#").unwrap_err(),
        [
            &format!("Line 3: {}", UrlFault::HttpHost),
            "Line 4: Leave out this line: it repeats line 1.",
            &format!("Line 5: {}", UrlFault::Fragment { at: 19 }),
        ]
    );
    // A lone CR doesn't end a line, and other spaces aren't trimmed: they would be in the URL unseen.
    assert!(read("https://a.example/\rhttps://b.example/").unwrap_err()[0].contains("CARRIAGE RETURN"));
    assert!(read("\u{A0}https://a.example/").unwrap_err()[0].contains("NO-BREAK SPACE"));
    assert!(read("https://a.example/\u{2028}https://b.example/").unwrap_err()[0].contains("LINE SEPARATOR"));
}

#[test]
fn at_most_ten_urls() {
    let lines = |count: usize| (1..=count).map(|n| format!("https://a{n}.example/\r\n")).collect::<String>();
    assert_eq!(parse_url_lines(&lines(MAX_URLS), STRICT).map(|urls| urls.len()), Ok(10));
    assert_eq!(
        parse_url_lines(&(lines(11) + "nonsense"), STRICT).unwrap_err(),
        ["Line 11: Leave out this line and those after it: at most 10 URLs are allowed, and there are 12."]
    );
}

/// Text that looks like a URL often enough to get past the first checks.
fn almost_urls() -> impl Strategy<Value = String> {
    let pieces = "https:// http:// com.example.app:/ javascript: / // : @ . .. % %2e %2F %41 %0a # ? & = * \\ - _ [ ] \
        [::1] 127.0.0.1 localhost example.com xn-- xn--bcher-kva bücher א 0x7f 1 80 :443 :8080 /cb A ; ' \" < | \
        \u{202E} \u{200D} \u{3002} \u{FF0F}";
    let piece = proptest::sample::select(pieces.split(' ').collect::<Vec<_>>());
    let blank = proptest::sample::select(vec![" ", "\t", "\r\n", "\0"]);
    let start = proptest::sample::select(vec![
        "https://",
        "https://a.example",
        "http://127.0.0.1",
        "http://[::1]",
        "com.example.app:/",
        "",
    ]);
    let middle = proptest::collection::vec(prop_oneof![20 => piece, 1 => blank], 0..6);
    (start, middle).prop_map(|(start, middle)| start.to_owned() + &middle.concat())
}

/// Characters that must not reach a page from the input, in a sentence about it.
fn harms_a_sentence(c: char) -> bool {
    let reorders = matches!(c, '\u{590}'..='\u{8FF}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}');
    c.is_control()
        || reorders
        || matches!(c, '\u{200B}'..='\u{200D}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206F}')
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_parsed_or_refused_in_a_clean_sentence(
        text in prop_oneof![any::<String>(), almost_urls()],
        native: bool,
        localhost: bool,
    ) {
        match RedirectUrl::parse(&text, UrlRules { native, localhost }) {
            Ok(parsed) => {
                prop_assert_eq!(parsed.as_str(), &text);
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(!text.contains(['#', '*', '\\', '"', '<', '>']));
                prop_assert!(parsed.accepts(&text, native));
            }
            Err(fault) => prop_assert!(!fault.to_string().contains(harms_a_sentence), "{fault}"),
        }
        if let Err(faults) = parse_url_lines(&text, UrlRules { native, localhost }) {
            prop_assert!(!faults.concat().contains(harms_a_sentence));
        }
    }

    /// What is registered means the same to the WHATWG parser, which is what browsers have.
    #[test]
    fn a_browser_reads_it_the_same_way(text in almost_urls()) {
        if let Ok(parsed) = RedirectUrl::parse(&text, ANY) {
            let theirs = url::Url::parse(&text).unwrap();
            prop_assert_eq!(theirs.host_str().map(str::to_owned), parsed.host());
            prop_assert_eq!((theirs.username(), theirs.password(), theirs.fragment()), ("", None, None));
            // The only liberties a browser takes: a slash for an empty path, and %27 for ' in a query.
            let theirs = theirs.as_str().replace("%27", "'");
            let with_path = text.replacen('?', "/?", 1);
            prop_assert!(theirs == text || theirs == format!("{text}/") || theirs == with_path, "{theirs} {text}");
        }
    }

    #[test]
    fn accepting_another_text_means_another_port_only(text in almost_urls(), port in 1u16.., native: bool) {
        let registered = url("http://127.0.0.1:3000/cb");
        if registered.accepts(&text, native) {
            prop_assert!(native || text == registered.as_str());
            let theirs = url::Url::parse(&text).unwrap();
            prop_assert_eq!((theirs.scheme(), theirs.host_str(), theirs.path()), ("http", Some("127.0.0.1"), "/cb"));
        }
        let moved = format!("http://127.0.0.1:{port}/cb");
        prop_assert_eq!(registered.accepts(&moved, native), native || port == 3000);
    }

    #[test]
    fn every_stored_text_can_be_asked(
        text in prop_oneof![any::<String>(), almost_urls()],
        other in almost_urls(),
    ) {
        let stored = url(&text);
        prop_assert!(stored.accepts(&text, false));
        prop_assert_eq!(stored.host().is_none(), stored.kind() == RedirectKind::PrivateUse);
        let _ = (stored.unicode_host(), stored.is_private_or_loopback_host(), stored.accepts(&other, true));
    }
}
