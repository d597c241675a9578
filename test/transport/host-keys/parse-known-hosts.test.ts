// Which lines of a known_hosts file match a host: by tables, and as ssh-keygen itself reports.
import { expect } from 'chai';
import fc from 'fast-check';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { knownName, parseKnownHosts, matchesHost } from '../../../src/transport/host-keys/parse-known-hosts.ts';
import { requireSshd } from '../../support/skip-unless.ts';
import { makeHostKey, createKnownHostsFixture, formatHostKey } from './host-key-fixtures.ts';

const execute = promisify(execFile);
const KEY = makeHostKey('ssh-ed25519', 'one');

describe('in known_hosts, the pattern', () => {
  const cases: readonly [names: string, host: string, port: number, speaks: boolean][] = [
    ['login1', 'login1', 22, true],
    ['login1', 'LOGIN1', 22, true],
    ['LOGIN1.example.org', 'login1.example.org', 22, true],
    ['login1', 'login10', 22, false],
    ['login1', 'login1', 2222, false],
    ['[login1]:2222', 'login1', 2222, true],
    ['[login1]:2222', 'login1', 22, false],
    ['login1,192.0.2.7', '192.0.2.7', 22, true],
    ['*.example.org', 'login1.example.org', 22, true],
    ['*.example.org', 'example.org', 22, false],
    ['[*.example.org]:2222', 'login1.example.org', 2222, true],
    ['login?', 'login1', 22, true],
    ['login?', 'login', 22, false],
    ['*,!login1', 'login1', 22, false],
    ['!login1,*', 'login2', 22, true],
    ['!login1', 'login2', 22, false],
    ['login.1', 'loginx1', 22, false],
    ['2001:db8::7', '2001:db8::7', 22, true],
    ['|1|notbase64!|x', 'login1', 22, false],
    ['|2|AAAA|AAAA', 'login1', 22, false],
  ];
  for (const [names, host, port, speaks] of cases) {
    it(`"${names}" ${speaks ? 'matches' : 'does not match'} the host "${host}" at port ${port}`, () => {
      expect(matchesHost(names, knownName(host, port))).to.equal(speaks);
    });
  }
});

describe('the parser of known_hosts files', () => {
  const cases: readonly [what: string, line: string, names: string[]][] = [
    ['a line with a comment after the key', `login1 ${formatHostKey(KEY)} root@login1 of 2024`, ['login1']],
    ['a line with tabs and blanks before the name', `\t  login1\t${formatHostKey(KEY)}`, ['login1']],
    ['a revoked key', `@revoked login1 ${formatHostKey(KEY)}`, ['login1']],
    ['a line with an unknown marker', `@trusted login1 ${formatHostKey(KEY)}`, []],
    ['a line with two markers', `@revoked @cert-authority login1 ${formatHostKey(KEY)}`, []],
    ['a comment', `# login1 ${formatHostKey(KEY)}`, []],
    ['an empty line', '', []],
    [
      'a line with the type ssh-rsa and an ssh-ed25519 key',
      `login1 ssh-rsa ${formatHostKey(KEY).split(' ')[1] ?? ''}`,
      [],
    ],
    ['a line with an invalid key', 'login1 ssh-ed25519 AAAA', []],
    ['a key of SSH protocol 1', 'login1 1024 35 1234567890', []],
  ];
  for (const [what, line, names] of cases) {
    it(`${names.length === 0 ? 'skips' : 'reads'} ${what}`, () => {
      expect(parseKnownHosts('f', `${line}\n`).map((known) => known.names)).to.deep.equal(names);
    });
  }

  it('returns the line number, even after blank lines and comments', () => {
    const text = `# one\r\n\r\nbroken\r\nlogin1 ${formatHostKey(KEY)}\r\n`;

    expect(parseKnownHosts('/k', text)).to.deep.equal([
      { file: '/k', line: 4, marker: undefined, names: 'login1', key: KEY },
    ]);
  });
});

// Few names, so that lines and questions often meet.
const host = fc.constantFrom('a', 'b', 'ab', 'a.b', 'b.a.b');
const port = fc.constantFrom(22, 2222);
const pattern = fc
  .tuple(fc.constantFrom('', '', '', '!'), fc.stringMatching(/^[abAB.*?]{1,3}$/), port)
  .map(([no, name, at]) => `${no}${at === 22 ? name : `[${name}]:${at}`}`);
const exact = fc.tuple(host, port).map(([name, at]) => knownName(name, at));
const allBut = exact.map((name) => `*,!${name}`);
const field = fc
  .array(fc.oneof(pattern, exact, allBut), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join(','));
const marker = fc.constantFrom('', '', '', '@revoked ', '@cert-authority ', '@nonsense ');
const line = fc.oneof(
  fc.tuple(marker, field, fc.constantFrom('', ' a comment', '\t')).map(([mark, names, rest]) => {
    return `${mark}${names} ${formatHostKey(KEY)}${rest}`;
  }),
  fc.constantFrom('', '# a comment', '  # another'),
);

describe('the search in known_hosts', () => {
  before(requireSshd);

  it('finds the same lines as ssh-keygen -F', async () => {
    await using here = await createKnownHostsFixture();
    const runs = fc.asyncProperty(fc.array(line, { maxLength: 8 }), host, port, async (lines, name, at) => {
      const file = await here.write('known', `${lines.join('\n')}\n`);
      expect(foundHere(file, lines, name, at)).to.deep.equal(await foundByKeygen(file, name, at));
    });
    await fc.assert(runs, { numRuns: 150 });
  });

  it('finds the same lines as ssh-keygen -F after ssh-keygen -H has hashed the host names', async () => {
    await using here = await createKnownHostsFixture();
    const runs = fc.asyncProperty(fc.array(line, { maxLength: 5 }), host, port, async (lines, name, at) => {
      const file = await here.write('known', `${lines.join('\n')}\n`);
      // It refuses a file with a marker that it doesn't know, which then stays as it is.
      await execute('ssh-keygen', ['-q', '-H', '-f', file]).catch(() => undefined);
      const hashed = (await here.read('known')).split('\n');
      expect(foundHere(file, hashed, name, at)).to.deep.equal(await foundByKeygen(file, name, at));
    });
    await fc.assert(runs, { numRuns: 60 });
  });
});

function foundHere(file: string, lines: readonly string[], name: string, at: number): number[] {
  return parseKnownHosts(file, lines.join('\n'))
    .filter(({ names }) => matchesHost(names, knownName(name, at)))
    .map(({ line: number }) => number);
}

async function foundByKeygen(file: string, name: string, at: number): Promise<number[]> {
  const args = ['-F', knownName(name, at), '-f', file];
  // 1 when there is none.
  const { stdout } = await execute('ssh-keygen', args).catch((error: unknown) => error as { stdout: string });
  return [...stdout.matchAll(/^# Host .* found: line (\d+)/gm)].map(([, number]) => Number(number));
}
