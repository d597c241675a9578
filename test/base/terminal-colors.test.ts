// The terminal output of lint and doctor: colors if they are enabled, and lines that fit the width.
import { expect } from 'chai';
import { painter } from '../../src/base/terminal-text.ts';
import { formatFindings } from '../../src/lint/format-findings.ts';
import { formatSections } from '../../src/doctor/format-report.ts';

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

  it('wraps and indents findings in a terminal, but shows each on one line in a pipe', () => {
    const narrow = formatFindings(LINTED, terminal, 50);

    expect(narrow).to.include('priority \x1b[33mwarning\x1b[0m:');
    for (const line of withoutColor(narrow).trimEnd().split('\n')) expect(line.length, line).to.be.at.most(50);
    expect(withoutColor(narrow)).to.match(
      /^gpu\.template:6:23 priority warning: --priority\n {4}requires .*\n {4}#SBATCH --mem=1G +--priority=1\n {26}\^\n {4}why: .*\n {9}\w/,
    );
    expect(formatFindings(LINTED, pipe).trimEnd().split('\n')).to.have.length(5);
    expect(withoutColor(narrow).replaceAll(/\s+/g, ' ')).to.equal(formatFindings(LINTED, pipe).replaceAll(/\s+/g, ' '));
  });

  it('wraps the messages of checks within their column', () => {
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
