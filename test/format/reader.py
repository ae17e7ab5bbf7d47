"""Reads a full backup, written from src/format/README.md alone: Python's own library and the programs openssl and zstd.

    python3 reader.py FOLDER KEY_FILE

Checks everything that can be checked and prints {segment: text} as JSON.
"""
import gzip, hashlib, hmac, json, pathlib, struct, subprocess, sys

folder, key_file = map(pathlib.Path, sys.argv[1:])
passphrase = key_file.read_bytes().split(b"\n")[0]


def hkdf(key, info, length):
    root = hmac.new(bytes(32), key, hashlib.sha256).digest()
    out = block = b""
    for counter in range(1, 256):
        if len(out) >= length:
            break
        block = hmac.new(root, block + info + bytes([counter]), hashlib.sha256).digest()
        out += block
    return out[:length]


def decrypt(name):
    command = ["openssl", "enc", "-d", "-aes-256-cbc", "-pbkdf2", "-iter", str(iterations), "-md", "sha256"]
    command += ["-pass", f"file:{key_file}", "-in", str(folder / name)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def decompress(packed):
    if manifest["codec"] == "gzip":
        return gzip.decompress(packed)
    return subprocess.run(["zstd", "-dc"], input=packed, check=True, capture_output=True).stdout


manifest = json.loads((folder / "manifest.json").read_bytes())
assert manifest["format"] in (1, 2) and all((field in manifest) == (manifest["format"] == 2) for field in ("store", "holds"))
iterations = manifest["kdf"]["iterations"]
root = hashlib.pbkdf2_hmac("sha256", passphrase, bytes.fromhex(manifest["idSalt"]), iterations, 32)
mac_key, id_key = hkdf(root, b"comeback/1 mac", 32), hkdf(root, b"comeback/1 id", 32)
assert manifest["keyId"] == hashlib.pbkdf2_hmac("sha256", passphrase, b"comeback key id", 600_000, 8).hex()
mac = manifest.pop("mac")
canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
assert hmac.compare_digest(mac, hmac.new(mac_key, canonical, hashlib.sha256).hexdigest())

for stored in [*manifest["objects"], manifest["index"]]:
    body = (folder / stored["name"]).read_bytes()
    assert len(body) == stored["size"] and hashlib.sha256(body).hexdigest() == stored["sha256"]
    assert body[:16] == b"Salted__" + bytes.fromhex(manifest["kdf"]["salt"])

index = decompress(decrypt(manifest["index"]["name"]))
assert len(index) == manifest["index"]["plain"]
magic, version, json_size, n = struct.unpack_from("<8sIII", index)
assert (magic, version) == (b"COMEBACK", 1) and len(index) == 20 + json_size + 32 * n
body, start = json.loads(index[20 : 20 + json_size]), 20 + json_size
ids = [index[start + 16 * i :][:16] for i in range(n)]
packs, offsets, lengths, plains = (struct.unpack_from(f"<{n}I", index, start + (16 + 4 * c) * n) for c in range(4))

opened = [decrypt(pack["name"]) for pack in body["packs"]]
result = {}
for segment in body["segments"]:
    text = b""
    for i in range(segment["first"], segment["first"] + segment["count"]):
        plain = decompress(opened[packs[i]][offsets[i] : offsets[i] + lengths[i]])
        assert len(plain) == plains[i]
        assert hmac.new(id_key, plain, hashlib.sha256).digest()[:16] == ids[i]
        text += plain
    assert len(text) == segment["bytes"]
    result[segment["name"]] = text.decode()
json.dump(result, sys.stdout)
