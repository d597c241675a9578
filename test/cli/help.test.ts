// The output of `--help`: complete, within 80 columns, examples first, and only valid commands.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { COMMANDS } from '../../src/cli/all-commands.ts';
import { COMMAND_GROUPS } from '../../src/cli/command.ts';
import { EXIT, EXIT_MEANINGS } from '../../src/base/exit-codes.ts';
import { fillExitCodes } from '../../build/docs/operating-page.ts';
import { helpText } from '../../src/cli/help-text.ts';
import { ALWAYS } from '../../src/cli/common-options.ts';
import { openCli } from './open-cli.ts';

describe('the help', () => {
  for (const command of COMMANDS) {
    const name = command.name ?? 'the program';

    it(`for ${name} fits into 80 columns, begins with examples and names every option`, () => {
      const text = helpText(command, COMMANDS);

      expect(text.split('\n').filter((line) => line.length > 80)).to.deep.equal([]);
      expect(text.indexOf('Examples:')).to.be.within(1, text.indexOf('Usage:'));
      for (const option of Object.keys({ ...command.options, ...ALWAYS }))
        expect(text).to.match(new RegExp(`^  (-\\w, )?--${option}( |$)`, 'm'));
    });

    it(`for ${name} aligns its descriptions, and fits into 60 columns`, () => {
      const columnsOf = (text: string): number[] =>
        [...text.matchAll(/^ {2}(?:--?|[a-z(]|[A-Z.]+ ).*? {2,}(?=\S)/gm)].map(([left]) => left.length);
      const text = helpText(command, COMMANDS);
      expect(new Set(columnsOf(text)).size, 'one of commands, one of options').to.be.at.most(
        command.name === undefined ? 2 : 1,
      );

      const narrow = helpText(command, COMMANDS, 60);
      const isExample = (line: string): boolean => line.startsWith('  clearml-agent-slurm');
      expect(narrow.split('\n').filter((line) => line.length > 60 && !isExample(line))).to.deep.equal([]);
      expect(narrow.replace(/\s+/g, ' ')).to.equal(text.replace(/\s+/g, ' '));
    });

    it(`for ${name} describes each positional argument`, () => {
      if (command.argument === undefined) return;
      const text = helpText(command, COMMANDS);
      expect(text).to.match(/^Arguments:\n {2}[A-Z.]+ +\S/m);
      for (const kind of command.argument.choices ?? []) expect(text).to.include(kind);
    });

    it(`for ${name} has valid examples`, async () => {
      await using cli = await openCli();
      for (const { commandLine } of command.examples) {
        const [withoutRedirection = ''] = commandLine.split(' > ');
        const { code, stdout, stderr } = await cli.run(...withoutRedirection.split(' '), '--help');
        expect(code, `${commandLine}: ${stderr}`).to.equal(0);
        expect(stdout).to.equal(helpText(command, COMMANDS));
      }
    });
  }

  it('lists every command in its group', () => {
    const [program] = COMMANDS;
    if (program === undefined) throw new Error('there are commands');
    const text = helpText(program, COMMANDS);
    for (const group of COMMAND_GROUPS) expect(text).to.include(`\n${group}:\n`);
    for (const { name = '(no command)' } of COMMANDS) expect(text).to.include(`\n  ${name} `);
  });

  it('shows the default log level "warn" for execute and "info" for the daemon', () => {
    const execute = COMMANDS.find(({ name }) => name === 'execute');
    expect(execute?.options['log-level']?.describe).to.include('default: warn');
    expect(COMMANDS[0]?.options['log-level']?.describe).to.include('default: info');
  });

  it('is the same for "help logs", "logs --help" and "logs -h"', async () => {
    await using cli = await openCli();
    const answers = [
      ['help', 'logs'],
      ['logs', '--help'],
      ['logs', '-h'],
    ].map((args) => cli.run(...args));
    const texts = (await Promise.all(answers)).map(({ stdout }) => stdout);
    expect(new Set(texts).size).to.equal(1);
    expect(texts[0]).to.include('clearml-agent-slurm logs TASK [options]');
  });
});

describe('the program', () => {
  for (const [args, answer] of [
    [['--use-pbs'], '--use-pbs is not supported: this program works with Slurm only'],
    [
      ['--queue', 'q', '--gpus', '0,1'],
      '--gpus is an option of clearml-agent; here, the template sets the number of GPUs',
    ],
    [['--docker', 'image'], '--docker is an option of clearml-agent; here, images run with Apptainer or Singularity'],
    [['--status'], 'use the command: clearml-agent-slurm status'],
    [['--use-owner-token'], '--use-owner-token is not supported: only the Enterprise server'],
  ] as const) {
    it(`rejects the clearml-agent arguments "${args.join(' ')}" with the message "${answer}"`, async () => {
      await using cli = await openCli();
      const { code, stdout, stderr } = await cli.run(...args);
      expect(code, stderr).to.equal(2);
      expect(stdout).to.equal('');
      expect(stderr)
        .to.include(answer)
        .and.to.match(/^.*\n$/);
    });
  }
});

describe('the table of exit codes', () => {
  it('has every exit code and equals the table in docs/operating.md', () => {
    const listed = EXIT_MEANINGS.map(([code]) => code);
    for (const code of Object.values(EXIT)) expect(listed).to.include(String(code));
    const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
    expect(fillExitCodes(page), 'run npm run docs').to.equal(page);
  });
});
