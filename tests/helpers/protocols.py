#!/usr/bin/env python3
"""A small server of a real protocol; its first line is its port.

    protocols.py smtp           takes mail from one client after the other; prints each line that
                                comes, as Python writes bytes
    protocols.py http [PATH [SECONDS]]
                                says which path was asked for, so long after the question; PATH: on that
                                UNIX socket, and 0 for the port
"""
import http.server
import signal
import socket
import socketserver
import sys
import time


class Smtp(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b'\r\n')

    def handle(self):
        self.say('220 mail.example.com ready')
        text = False
        for line in self.rfile:
            print(line, flush=True)
            word = line.strip().upper()
            if text:
                text = word != b'.'
                if not text:
                    self.say('250 taken')
            elif word == b'DATA':
                text = True
                self.say('354 go on')
            elif word == b'QUIT':
                return self.say('221 bye')
            else:
                self.say('250 fine')
        print('end', flush=True)


class Http(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answer = f'{self.path} is here\n'.encode()
        time.sleep(float(sys.argv[3]) if sys.argv[3:] else 0)
        self.send_response(200)
        self.send_header('Content-Length', str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Unix(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 100

    def get_request(self):
        return self.socket.accept()[0], ('local', 0)


class Tcp(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    request_queue_size = 100
    address_family = socket.AF_INET


def main():
    signal.alarm(120)  # it never outlives a test that hangs
    handler = Smtp if sys.argv[1] == 'smtp' else Http
    server = Unix(sys.argv[2], handler) if sys.argv[2:] else Tcp(('127.0.0.1', 0), handler)
    print(0 if sys.argv[2:] else server.server_address[1], flush=True)
    server.serve_forever()


main()
