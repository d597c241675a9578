// Text for a terminal: every character is shown or escaped, only our own colors take effect, and only where colors are allowed.
import { expect } from 'chai';
import fc from 'fast-check';
import {
  COLOR_END,
  stripToOneLine,
  visibleText,
  terminalText,
  joinLines,
  painter,
} from '../../src/base/terminal-text.ts';
import { fuzzCases, fuzzSeed } from '../support/fuzz-cases.ts';
import { formatFindings } from '../../src/lint/format-findings.ts';
import { formatSections } from '../../src/doctor/format-report.ts';

const ATTACKS: readonly (readonly [what: string, text: string, shown: string])[] = [
  ['moves the cursor', 'a\x1b[2J\x1b[Hb', 'a\\u001b[2J\\u001b[Hb'],
  ['sets the title', '\x1b]0;root\x07', '\\u001b]0;root\\u0007'],
  ['sets the clipboard', '\x1b]52;c;cm0gLXJm\x1b\\', '\\u001b]52;c;cm0gLXJm\\u001b\\'],
  ['moves the cursor with a one-byte sequence', '\x9b2J', '\\u009b2J'],
  ['hides the following text', '\x1b[8msecret', '\\u001b[8msecret'],
  ['returns to the start of a line', 'Failed\rDone  ', 'Failed\\u000dDone  '],
  ['deletes text with backspaces', 'abc\b\b\bxyz', 'abc\\u0008\\u0008\\u0008xyz'],
  [
    'reverses the writing direction',
    'a \u202ecba\u202c \u2067x\u2069 \u200f\u061c',
    'a \\u202ecba\\u202c \\u2067x\\u2069 \\u200f\\u061c',
  ],
  ['requests a response from the terminal', '\x1b[6n\x05', '\\u001b[6n\\u0005'],
];

describe('text for a terminal', () => {
  for (const [what, text, shown] of ATTACKS) {
    it(`is escaped if the text ${what}`, () => {
      expect(terminalText(text)).to.equal(shown);
    });
  }

  it('keeps newlines, tabs and letters of all scripts', () => {
    const text = 'eins\tzwei\nдва 三 ثلاثة 👩‍🔬\n';

    expect(terminalText(text)).to.equal(text);
    expect(terminalText('one\r\ntwo\r\n')).to.equal('one\ntwo\n');
  });

  it('keeps the colors of this program, but resets colors that another program leaves on', () => {
    const paint = painter({ isTerminal: true, environment: {} });
    const own = `${paint('bad', 'failed')} and ${paint('good', 'ok')}\n`;

    expect(terminalText(own)).to.equal(own);
    expect(terminalText('\x1b[31mred\n')).to.equal(`\x1b[31mred\n${COLOR_END}`);
  });

  it('contains no control sequences other than colors', () => {
    const hostile = fc.array(
      fc.oneof(
        fc.constantFrom(
          '\x1b',
          '\x1b[',
          '\x9b',
          '\x9d',
          '\x1bP',
          '\x07',
          '\r',
          '\n',
          '0m',
          '31m',
          '\x1b[31m',
          '\x1b[0m',
          ';',
          '2J',
        ),
        fc.string({ unit: 'binary', maxLength: 6 }),
      ),
    );
    fc.assert(
      fc.property(hostile, (pieces) => {
        const shown = terminalText(pieces.join(''));
        expect(shown.replaceAll(/\x1b\[(?:0|31|32|33)m/g, '')).to.not.match(
          /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/,
        );
      }),
      { numRuns: fuzzCases(500), seed: fuzzSeed(9) },
    );
  });
});

describe('the visible text of a console line', () => {
  it('contains only the last state of a progress bar, without colors', () => {
    expect(visibleText(' 10%|█ |\r 90%|████\x1b[A\x1b[32m done\x1b[0m')).to.equal(' 90%|████ done');
    expect(visibleText('\x1b]0;title\x07text')).to.equal('text');
  });
});

describe('the conversion of a text to one line', () => {
  it('replaces each run of newlines and control characters by one space', () => {
    expect(stripToOneLine(' a\r\n\tb \x1b]0;c\x07\x85\u2028\0d\x9b ')).to.equal('a b ]0;c d');
  });
});

describe('joinLines (creates the text of a file)', () => {
  it('writes each text as one line, even a text with newlines', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', '\n', '\r', '\u2028', '\x85', '#', ' ') })),
        (lines) => {
          expect(joinLines(lines).split(/\r\n|[\n\r\u2028\u2029\x85]/)).to.have.length(lines.length + 1);
        },
      ),
    );
  });

  it('escapes a newline in a queue name, so that a comment stays one line', () => {
    expect(joinLines(['# There is no queue "a\n  slurm_bin_dir: /tmp"', 'b'])).to.equal(
      '# There is no queue "a\\u000a  slurm_bin_dir: /tmp"\nb\n',
    );
  });
});

const terminal = painter({ isTerminal: true, environment: {} });
const pipe = painter({ isTerminal: false, environment: {} });

const LINTED = [
  {
    file: 'gpu.template',
    lines: ['', '', '', '', '', '#SBATCH --mem=1G      --priority=1'],
    findings: [{ rule: 'priority', line: 6, column: 23, sentence: '--priority requires operator privileges.' }],
  },
] as const;

const SECTIONS = [
  {
    title: 'Slurm',
    findings: [
      {
        id: 'controller',
        question: '',
        status: 'failed',
        message: 'no answer came from it\nfor a long time',
        fix: 'Start slurmctld',
      },
      { id: 'accounts', question: '', status: 'skipped', message: 'there is no accounting', fix: undefined },
    ],
  },
] as const;

const withoutColor = (text: string): string => text.replaceAll(/\x1b\[\d*m/g, '');

describe('the output of lint and doctor', () => {
  it('has colors only in a terminal, and never with NO_COLOR or TERM=dumb', () => {
    expect(terminal('bad', '✘')).to.equal('\x1b[31m✘\x1b[0m');
    expect(pipe('bad', '✘')).to.equal('✘');
    expect(painter({ isTerminal: true, environment: { NO_COLOR: '1' } })('bad', '✘')).to.equal('✘');
    expect(painter({ isTerminal: true, environment: { NO_COLOR: '' } })('bad', '✘')).to.not.equal('✘');
    expect(painter({ isTerminal: true, environment: { TERM: 'dumb' } })('bad', '✘')).to.equal('✘');
  });

  it('wraps and indents findings in a terminal, but shows each finding on one line in a pipe', () => {
    const narrow = formatFindings(LINTED, terminal, 50);

    expect(narrow).to.include('priority \x1b[33mwarning\x1b[0m:');
    for (const line of withoutColor(narrow).trimEnd().split('\n')) expect(line.length, line).to.be.at.most(50);
    expect(withoutColor(narrow)).to.match(
      /^gpu\.template:6:23 priority warning: --priority\n {4}requires .*\n {4}#SBATCH --mem=1G +--priority=1\n {26}\^\n {4}why: .*\n {9}\w/,
    );
    expect(formatFindings(LINTED, pipe).trimEnd().split('\n')).to.have.length(5);
    expect(withoutColor(narrow).replaceAll(/\s+/g, ' ')).to.equal(formatFindings(LINTED, pipe).replaceAll(/\s+/g, ' '));
  });

  it('wraps a message of doctor inside the message column', () => {
    const narrow = formatSections(SECTIONS, { paint: terminal, columns: 30 });

    expect(withoutColor(narrow)).to.equal(
      '\nSlurm\n✘ controller  no answer came\n              from it\n              for a long time\n' +
        '              → Start\n              slurmctld.\n– accounts    there is no\n              accounting\n',
    );
    expect(formatSections(SECTIONS, { paint: pipe, columns: Infinity })).to.include(
      '✘ controller  no answer came from it\n',
    );
  });
});
