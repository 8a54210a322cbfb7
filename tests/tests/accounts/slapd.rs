//! A private directory: OpenLDAP from the system's packages, over a database of its own, on loopback
//! ports of its own, ended with the test.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use super::scim::{free_port, until_it_listens};

/// The entry above everything.
pub const BASE: &str = "dc=portal,dc=example";
/// Who may read.
pub const READER: &str = "cn=reader,dc=portal,dc=example";
/// What proves it.
pub const PASSWORD: &str = "p'w\"d 口令";

/// A running directory.
pub struct Slapd {
    port: u16,
    secure_port: u16,
    child: Child,
    _dir: tempfile::TempDir,
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SCHEMA: &str = "\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 2.25.1.1 NAME 'certKey' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 2.25.1.2 NAME 'boundTo' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 2.25.1.3 NAME 'certificateNumber' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 2.25.1.4 NAME 'portalAccount' SUP top AUXILIARY MAY ( certKey $ boundTo $ certificateNumber ) )
modulepath /usr/lib/ldap
moduleload back_mdb
";

impl Slapd {
    /// A directory with the certificate and key (PEM) of `localhost`, and no account yet.
    pub fn start(certificate: &str, key: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        std::fs::create_dir(&data).unwrap();
        for (name, text) in [("crt", certificate), ("key", key)] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let place = dir.path().display();
        // Without pages nobody gets more than 500 entries.
        let config = format!(
            "{SCHEMA}pidfile {place}/pid\nargsfile {place}/args\n\
             TLSCertificateFile {place}/crt\nTLSCertificateKeyFile {place}/key\n\
             database mdb\nmaxsize 268435456\nsuffix \"{BASE}\"\nrootdn \"cn=admin,{BASE}\"\nrootpw admin\n\
             directory {place}/data\nindex objectClass eq\n\
             limits dn.exact=\"{READER}\" size.soft=500 size.hard=500 size.prtotal=unlimited\n\
             access to attrs=userPassword by anonymous auth by * none\n\
             access to dn.subtree=\"ou=secret,{BASE}\" by * none\n\
             access to * by dn.exact=\"{READER}\" read by * none\n"
        );
        let file = dir.path().join("slapd.conf");
        std::fs::write(&file, config).unwrap();
        let (port, secure_port) = (free_port(), free_port());
        let mut child = Command::new("/usr/sbin/slapd")
            .arg("-f")
            .arg(&file)
            .arg("-h")
            .arg(format!(
                "ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{secure_port}/"
            ))
            .args(["-d", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("OpenLDAP (package slapd)");
        until_it_listens(port, &mut child);
        until_it_listens(secure_port, &mut child);
        let slapd = Self {
            port,
            secure_port,
            child,
            _dir: dir,
        };
        slapd.write(&format!(
            "dn: {BASE}\nobjectClass: domain\ndc: portal\n\n\
             dn: {READER}\nobjectClass: person\ncn: reader\nsn: reader\nuserPassword:: {}\n\n\
             dn: ou=accounts,{BASE}\nobjectClass: organizationalUnit\nou: accounts\n\n\
             dn: ou=secret,{BASE}\nobjectClass: organizationalUnit\nou: secret\n\n",
            base64(PASSWORD)
        ));
        slapd
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn secure_port(&self) -> u16 {
        self.secure_port
    }

    /// Adds entries or changes them (LDIF), as the administrator.
    pub fn write(&self, ldif: &str) {
        let mut child = Command::new("ldapmodify")
            .args(["-a", "-x", "-D", &format!("cn=admin,{BASE}"), "-w", "admin"])
            .args(["-H", &format!("ldap://127.0.0.1:{}", self.port)])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("OpenLDAP's clients (package ldap-utils)");
        child
            .stdin
            .take()
            .unwrap()
            .write_all(ldif.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
    }

    /// Adds accounts.
    pub fn add(&self, numbers: std::ops::Range<usize>) {
        let mut ldif = String::new();
        for number in numbers {
            write!(
                ldif,
                "dn: uid=u{number:05},ou=accounts,{BASE}\nobjectClass: inetOrgPerson\n\
                 objectClass: portalAccount\nuid: u{number:05}\ncn:: {}\nsn: x\n\
                 mobile: 138{number:08}\ncertKey: {number:064x}\ntitle: writer\ntitle: reader\n\
                 jpegPhoto:: /9j/4AAQ\n\n",
                base64(&format!("张{number}"))
            )
            .unwrap();
        }
        self.write(&ldif);
    }

    /// Ends the directory without a word.
    pub fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// LDIF writes what is not ASCII in base64.
fn base64(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    text.as_bytes()
        .chunks(3)
        .map(|three| {
            let number = three
                .iter()
                .chain([0u8; 2].iter())
                .take(3)
                .fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
            (0..4)
                .map(|at| {
                    if at > three.len() {
                        '='
                    } else {
                        char::from(ALPHABET[number >> (18 - 6 * at) & 63])
                    }
                })
                .collect::<String>()
        })
        .collect()
}
