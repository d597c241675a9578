// Errors in HOCON texts: position and cause, never a secret.
import { expect } from 'chai';
import { ConfigError } from '../../../src/config/errors.ts';
import { parseHocon, parseHoconValue } from '../../../src/config/hocon/parse-hocon.ts';
import { catchError } from '../catch-error.ts';

function problemIn(text: string): ConfigError {
  return catchError(ConfigError, () => parseHocon('lab.conf', text, { environment: {}, readInclude: () => undefined }));
}

describe('an error in a HOCON text', () => {
  it('shows the line with a caret under the position', () => {
    expect(problemIn('# one\nagent {\n  git_host: lab@here\n}\n').message).to.equal(
      [
        'lab.conf:3:16: unexpected "@": put a string that contains it in double quotes',
        '    git_host: lab@here',
        '                 ^',
      ].join('\n'),
    );
  });

  const positions: readonly [text: string, position: string, fact: RegExp][] = [
    ['a: 1\nb: {\n c: 2\n', 'lab.conf:2:4', /no closing "}"/],
    ['a: [1,\n2', 'lab.conf:1:4', /no closing "\]"/],
    ['a: "x\nb: 2', 'lab.conf:1:4', /no closing quote/],
    ['a: """x\nb: 2', 'lab.conf:1:6', /no closing quote/],
    ['a: 1\nb\nc: 2', 'lab.conf:2:1', /not followed by "=", ":" or "\{"/],
    ['a: $HOME', 'lab.conf:1:4', /unexpected "\$"/],
    ['a: ${NO_SUCH}', 'lab.conf:1:4', /\$\{NO_SUCH\} has no value: no setting or environment variable has this name/],
    ['a: ${b}\nb: ${a}', 'lab.conf:2:4', /refers to itself/],
    ['a: {b: ${a}}', 'lab.conf:1:8', /refers to a setting that contains it/],
    ['a: [1] x', 'lab.conf:1:4', /cannot be joined/],
    ['a: 1\na += 2', 'lab.conf:2:6', /only add to a list or a text/],
    ['a: 1}', 'lab.conf:1:5', /unexpected "}"/],
    ['a: [1}', 'lab.conf:1:6', /a value or "\]"/],
    ['[1, 2]', 'lab.conf:1:1', /not of a list/],
    ['a: x\u00a0y', 'lab.conf:1:5', /U\+00A0/],
    ['include required("keys.conf")', 'lab.conf:1:1', /required file keys.conf/],
    ['include url("http://x/y")', 'lab.conf:1:1', /not URLs/],
    ['include "https://x/y"', 'lab.conf:1:1', /not URLs/],
    ['include file("x"', 'lab.conf:1:1', /no closing "\)"/],
    ['include file(x)', 'lab.conf:1:1', /in double quotes/],
    ['a: include "x"', 'lab.conf:1:4', /cannot be part of a value/],
    [`a: ${'['.repeat(500)}`, 'lab.conf:1:104', /nested deeper than 100/],
    [`${'a.'.repeat(500)}a: 1`, 'lab.conf:1:1', /nested deeper than 100/],
  ];
  for (const [text, position, fact] of positions) {
    it(`is reported at line ${position.slice(9).replace(':', ', column ')}: ${JSON.stringify(text.slice(0, 40))}`, () => {
      const [first = ''] = problemIn(text).message.split('\n');

      expect(first.slice(0, position.length + 2)).to.equal(`${position}: `);
      expect(first).to.match(fact);
    });
  }

  const secrets: readonly string[] = [
    'api.credentials.secret_key: hunter2@home',
    'api { credentials {"access_key": "AK", "secret_key": "hunter2" @ } }',
    'environment { MINE: hunter2@home }',
    'agent.git_pass: [\n  hunter2@home\n]',
    'agent: { git_pass = "hunter2",, git_user = robot@home }',
    'a: "https://ada:hunter2@host/simple" @',
    'agent.docker: "-e HF_TOKEN=hunter2" @',
    'agent.git_pass: ${hunter2}"',
    'files { a { contents: """hunter2\n hunter2""" @ } }',
  ];
  for (const text of secrets) {
    it(`does not show the secret hunter2 if the text is: ${text.replaceAll('\n', ' ⏎ ')}`, () => {
      const { message } = problemIn(text);

      expect(message).not.to.contain('hunter2');
      expect(message).to.match(/\n +\^$/);
    });
  }

  it('shows only the part of a very long line around the position', () => {
    const { message } = problemIn(`a: "${'x'.repeat(4000)}" @${'y'.repeat(4000)}`);
    const [, line = '', caret = ''] = message.split('\n');

    expect(line.length).to.be.lessThan(110);
    expect(line[caret.indexOf('^')]).to.equal('@');
  });
});

describe('the HOCON parser for an environment variable', () => {
  const origin = { kind: 'variable', name: 'CLEARML_AGENT__X' } as const;

  it('names the variable, but not the value, in an error', () => {
    const problem = catchError(ConfigError, () => parseHoconValue('hunter2@home', origin, {}));

    expect(problem.message).to.equal(
      'CLEARML_AGENT__X: unexpected "@": put a string that contains it in double quotes',
    );
  });

  it('rejects a text that contains more than one value', () => {
    expect(() => parseHoconValue('x\nagent.slurm.queues: [evil]', origin, {})).to.throw(ConfigError);
    expect(() => parseHoconValue('{a: 1}\nb: 2', origin, {})).to.throw(ConfigError);
  });
});
