// Messages for unreachable hosts: the host, the cause, and the next step.
import { expect } from 'chai';
import { HostUnreachableError, LoginRefusedError } from '../../src/transport/errors.ts';
import { unreachable, type SshFailure } from '../../src/transport/ssh-errors.ts';

const host = 'login1';

/** Each cause, the fact, and what to do. */
const CASES: readonly (readonly [cause: SshFailure, fact: string, advice: string])[] = [
  [
    { kind: 'unknown name', host, address: 'l.example' },
    'the name l.example does not resolve',
    "Check the host's name",
  ],
  [
    { kind: 'refused', host, address: '10.0.0.1', port: 22 },
    'nothing listens on port 22 of 10.0.0.1',
    'Check the port',
  ],
  [
    { kind: 'no route', host, address: '10.0.0.1', output: 'EHOSTUNREACH' },
    'no route to 10.0.0.1',
    'or name a jump host',
  ],
  [
    { kind: 'timeout', host, seconds: 30 },
    'did not respond to an SSH connection within 30 s',
    'Check the network or VPN',
  ],
  [
    { kind: 'too many attempts', host, user: 'ann', tried: ['the key /k'], untried: ['the key /l'] },
    'after too many attempts (MaxAuthTries in its sshd_config). Credentials refused: the key /k. Not tried: the key /l.',
    'Set identity_file to the right key.',
  ],
  [
    { kind: 'login refused', host, user: 'ann', tried: ['the key /k'], obstacles: [], methods: ['publickey'] },
    'refused the login of ann; accepted methods: publickey. Credentials refused: the key /k.',
    'Add the public key to ~/.ssh/authorized_keys of ann on that host.',
  ],
  [
    { kind: 'login refused', host, user: 'ann', tried: [], obstacles: [], methods: ['publickey'] },
    'refused the login of ann',
    'Set identity_file, or start ssh-agent and run ssh-add.',
  ],
  [
    {
      kind: 'login refused',
      host,
      user: 'ann',
      tried: [],
      obstacles: ['the key /k is encrypted: run ssh-add /k'],
      methods: ['publickey'],
    },
    'refused the login of ann',
    'Not tried: the key /k is encrypted: run ssh-add /k.',
  ],
  [
    { kind: 'login refused', host, user: 'ann', tried: [], obstacles: [], methods: ['gssapi-with-mic'] },
    'accepted methods: gssapi-with-mic.',
    'Set "provider: openssh"',
  ],
  [
    { kind: 'second factor', host, methods: ['keyboard-interactive'] },
    'requires a second factor',
    'Set "provider: openssh"',
  ],
  [{ kind: 'no session', host }, 'refuses another session on the connection', 'Retrying'],
  [{ kind: 'master gone', host }, 'The SSH connection to login1 has ended', 'Run: ssh -fNM login1'],
  [{ kind: 'no control path', host }, 'has no ControlPath', 'Put "ControlPath ~/.ssh/%C" under "Host login1"'],
  [
    { kind: 'untrusted socket', host, path: '/tmp/s', why: '/tmp/s belongs to another user (uid 1002)' },
    'because another user may own the socket /tmp/s of the connection: /tmp/s belongs to another user (uid 1002)',
    'Put "ControlPath ~/.ssh/%C" under "Host login1"',
  ],
  [{ kind: 'no ssh', host, output: 'ssh not found' }, 'ssh not found', "Install OpenSSH's client here"],
  [
    { kind: 'ssh failed', host, output: 'ann@login1: Permission denied (keyboard-interactive).\n' },
    'ssh could not log in to login1 without a prompt: ann@login1: Permission denied (keyboard-interactive).',
    'To open a connection yourself, run: ssh -fNM login1',
  ],
  [
    { kind: 'no forwarding', host, via: 'gate', output: 'prohibited' },
    'gate does not forward',
    'Check that AllowTcpForwarding is on',
  ],
  [
    { kind: 'other', host, output: 'Connection lost before handshake' },
    'Connection lost before handshake',
    'Run ssh -v login1',
  ],
];

describe('an SSH error', () => {
  for (const [cause, fact, advice] of CASES) {
    it(`shows "${fact}" and advises "${advice}"`, () => {
      const { message } = unreachable(cause);

      expect(message).to.contain('login1').and.to.contain(fact).and.to.contain(advice);
      expect(message).not.to.match(/undefined|\n| {2}$/);
    });
  }

  it('shows the message of the host key check if that check failed', () => {
    expect(unreachable({ kind: 'host key', host, message: 'It has changed.' }).message).to.equal('It has changed.');
  });

  it('is a LoginRefusedError if a retry cannot succeed, but not after a timeout', () => {
    expect(unreachable({ kind: 'timeout', host, seconds: 30 })).not.to.be.instanceOf(LoginRefusedError);
    for (const cause of [
      { kind: 'host key', host, message: 'x' },
      { kind: 'second factor', host, methods: [] },
      { kind: 'ssh failed', host, output: 'Permission denied (publickey).' },
    ] as const) {
      expect(unreachable(cause)).to.be.instanceOf(LoginRefusedError).and.to.be.instanceOf(HostUnreachableError);
    }
  });
});
