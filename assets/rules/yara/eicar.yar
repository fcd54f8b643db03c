rule eicar_test_file
{
    meta:
        description = "The EICAR test file: harmless, made for trying out scanners"
        severity = "medium"
        reference = "https://www.eicar.org/download-anti-malware-testfile/"
    strings:
        $text = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!"
        $start = "X5O!P%@AP[4"
    condition:
        $start in (0 .. 128) and $text in (0 .. 256)
}
