// Messages for unreachable hosts: the host, the cause, and the next step.
import { expect } from 'chai';
import { HostUnreachableError, LoginRefusedError } from '../../src/transport/errors.ts';
import { unreachable, type SshErrorMessage } from '../../src/transport/ssh-errors.ts';

const host = 'login1';

/** Each cause, the fact, and what to do. */
const CASES: readonly (readonly [cause: SshErrorMessage, fact: string, advice: string])[] = [
  [
    { kind: 'unknown name', host, address: 'l.example' },
    'no address is known for the name l.example',
    "Check the host's name",
  ],
  [
    { kind: 'refused', host, address: '10.0.0.1', port: 22 },
    'nothing listens on port 22 of 10.0.0.1',
    'Check the port',
  ],
  [{ kind: 'no route', host, address: '10.0.0.1', words: 'EHOSTUNREACH' }, 'no way to 10.0.0.1', 'or name a jump host'],
  [{ kind: 'no answer', host, seconds: 30 }, 'no answer to an SSH connection within 30 s', 'Check the network or VPN'],
  [
    { kind: 'too many tries', host, user: 'ann', tried: ['the key /k'], untried: ['the key /l'] },
    'took no more tries (MaxAuthTries in its sshd_config). It refused the key /k. Not tried any more: the key /l.',
    'Name the right key with identity_file.',
  ],
  [
    { kind: 'not let in', host, user: 'ann', tried: ['the key /k'], obstacles: [], takes: ['publickey'] },
    'did not let ann in; it takes publickey. It refused the key /k.',
    'Put the public key into ~/.ssh/authorized_keys of ann there.',
  ],
  [
    { kind: 'not let in', host, user: 'ann', tried: [], obstacles: [], takes: ['publickey'] },
    'did not let ann in',
    'Name an identity file, or start an agent and run ssh-add.',
  ],
  [
    {
      kind: 'not let in',
      host,
      user: 'ann',
      tried: [],
      obstacles: ['the key /k is encrypted: run ssh-add /k'],
      takes: ['publickey'],
    },
    'did not let ann in',
    'Not tried: the key /k is encrypted: run ssh-add /k.',
  ],
  [
    { kind: 'not let in', host, user: 'ann', tried: [], obstacles: [], takes: ['gssapi-with-mic'] },
    'it takes gssapi-with-mic.',
    'Set provider: openssh',
  ],
  [
    { kind: 'second factor', host, methods: ['keyboard-interactive'] },
    'asks for a second factor',
    'Set provider: openssh',
  ],
  [{ kind: 'no session', host }, 'opens no session on our connection', 'It will be tried again'],
  [{ kind: 'master gone', host }, 'The SSH connection to login1 has ended', 'Run: ssh -fNM login1'],
  [{ kind: 'no control path', host }, 'names no ControlPath', 'Put "ControlPath ~/.ssh/%C" under "Host login1"'],
  [
    { kind: 'untrusted socket', host, path: '/tmp/s', why: '/tmp/s belongs to another user (uid 1002)' },
    'by the socket /tmp/s is not used, as another user may be behind it: /tmp/s belongs to another user (uid 1002)',
    'Put "ControlPath ~/.ssh/%C" under "Host login1"',
  ],
  [{ kind: 'no ssh', host, words: 'ssh not found' }, 'ssh not found', "Install OpenSSH's client here"],
  [
    { kind: 'ssh said', host, words: 'ann@login1: Permission denied (keyboard-interactive).\n' },
    'ssh could not log in to login1 without a question: ann@login1: Permission denied (keyboard-interactive).',
    'By hand: ssh -fNM login1',
  ],
  [
    { kind: 'no forwarding', host, via: 'gate', words: 'prohibited' },
    'gate does not connect us',
    'Check that AllowTcpForwarding is on',
  ],
  [
    { kind: 'other', host, words: 'Connection lost before handshake' },
    'Connection lost before handshake',
    'Run ssh -v login1',
  ],
];

describe('an SSH error', () => {
  for (const [cause, fact, advice] of CASES) {
    it(`is said in full: ${fact}`, () => {
      const { message } = unreachable(cause);

      expect(message).to.contain('login1').and.to.contain(fact).and.to.contain(advice);
      expect(message).not.to.match(/undefined|\n| {2}$/);
    });
  }

  it('is said as the check of the host key says it', () => {
    expect(unreachable({ kind: 'host key', host, sentence: 'It has changed.' }).message).to.equal('It has changed.');
  });

  it('is classified by whether a retry can succeed', () => {
    expect(unreachable({ kind: 'no answer', host, seconds: 30 })).not.to.be.instanceOf(LoginRefusedError);
    for (const cause of [
      { kind: 'host key', host, sentence: 'x' },
      { kind: 'second factor', host, methods: [] },
      { kind: 'ssh said', host, words: 'Permission denied (publickey).' },
    ] as const) {
      expect(unreachable(cause)).to.be.instanceOf(LoginRefusedError).and.to.be.instanceOf(HostUnreachableError);
    }
  });
});
