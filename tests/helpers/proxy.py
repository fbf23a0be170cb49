#!/usr/bin/env python3
"""An HTTP proxy that does what it is told: the verbs of peer.py, and these.

    proxy.py [SETTING]... [VERB]...

    head            read a request's head, and print its lines, each after `> `
    answer:TEXT     TEXT, in which | is CR LF and \\ begins an escape as Python has it
    slowly:TEXT     the same, each byte in a packet of its own
    verify          print `good` and how the last head answers a challenge of the last answer, as RFC 7617 and
                    RFC 7616 want it from Mufasa, whose password is `Circle of Life`; if it does not, why, and fail
"""
import base64
import hashlib
import re
import sys

sys.dont_write_bytecode = True
import peer  # noqa: E402

USER, PASSWORD = 'Mufasa', 'Circle of Life'


def parameters(text):
    found = re.findall(r'([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', text)
    return {name.lower(): re.sub(r'\\(.)', r'\1', quoted) or token for name, quoted, token in found}


def fields(head, name):
    return [line.partition(':')[2].strip() for line in head.split('\r\n') if line.lower().startswith(name + ':')]


class Proxy(peer.End):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.request = ''
        self.challenges = []
        self.used = {}

    def head(self):
        data = b''
        while not data.endswith(b'\r\n\r\n'):
            byte = self.socket.recv(1)
            if not byte:
                sys.exit('proxy: the end came before the head was whole')
            data += byte
        self.request = data.decode('latin-1')
        for line in self.request.split('\r\n')[:-2]:
            self.say('> ' + line)

    def _decode(self, text):
        text = text.replace('|', '\r\n').encode('latin-1').decode('unicode_escape')
        asked = ', '.join(fields(text, 'proxy-authenticate'))
        if asked:
            self.challenges = re.split(r',\s*(?=(?:Basic|Digest)\b)', asked)
        return text.encode('latin-1')

    def answer(self, text=''):
        self._put(self._decode(text))

    def slowly(self, text):
        self.drip(self._decode(text).hex())

    def verify(self):
        how = fields(self.request, 'proxy-authorization')
        if len(how) != 1:
            self._wrong(f'{len(how)} answers')
        scheme, _, rest = how[0].partition(' ')
        if scheme == 'Basic':
            if rest != base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode():
                self._wrong(how[0])
            self.say('good Basic')
        elif scheme == 'Digest':
            self._verify_digest(parameters(rest))
        else:
            self._wrong(how[0])

    def _verify_digest(self, given):
        same = ('realm', 'nonce', 'opaque', 'algorithm')
        for challenge in self.challenges:
            asked = parameters(challenge)
            if challenge.startswith('Digest') and all(asked.get(n) == given.get(n) for n in same):
                break
        else:
            self._wrong(f'no challenge for {given}')
        name = asked.get('algorithm', 'MD5')
        digest = {'MD5': hashlib.md5, 'SHA-256': hashlib.sha256}[name.replace('-sess', '')]

        def h(*words):
            return digest(':'.join(words).encode('latin-1')).hexdigest()

        method, target, _ = self.request.split(' ', 2)
        user, hashed = USER, asked.get('userhash') == 'true'
        if hashed:
            user = h(USER, asked['realm'])
        if given['username'] != user or (given.get('userhash') == 'true') != hashed or given['uri'] != target:
            self._wrong(f'who or where is wrong in {given}')
        a1 = h(USER, asked['realm'], PASSWORD)
        if name.endswith('-sess'):
            a1 = h(a1, asked['nonce'], given['cnonce'])
        key = asked['nonce'], given.get('cnonce')
        count = self.used[key] = self.used.get(key, 0) + 1
        if 'qop' in asked:
            if (given['qop'], given['nc']) != ('auth', f'{count:08x}') or len(given['cnonce']) < 16:
                self._wrong(f'qop, nc or cnonce are wrong in {given}')
            middle = [given['nc'], given['cnonce'], 'auth']
        else:
            middle = []
            if 'qop' in given or 'nc' in given:
                self._wrong(f'qop was not asked for in {given}')
        if given['response'] != h(a1, asked['nonce'], *middle, h(method, target)):
            self._wrong(f'the response is wrong in {given}')
        self.say(f'good Digest {name}' + (' qop' if middle else '') + (' userhash' if hashed else ''))

    def _wrong(self, why):
        self.say('wrong: ' + why)
        sys.exit(1)


peer.main(Proxy)
