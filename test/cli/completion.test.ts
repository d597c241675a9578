// Loads each completion script into its real shell, and checks what the shell offers.
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { COMMANDS } from '../../src/cli/all-commands.ts';
import { UNIT_FILES } from '../../src/init/generate-unit-files.ts';
import { requireCompletingShells } from '../support/skip-unless.ts';
import { openCli } from './open-cli.ts';
import { TIMEOUT_MS } from '../support/wait-until.ts';

const execute = promisify(execFile);

/** Each gets the script and the text before the Tab key, and prints the completions. */
const SHELLS = {
  bash: `source "$1"; read -ra COMP_WORDS <<< "$2"; [[ $2 == *' ' ]] && COMP_WORDS+=(''); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_clearml_agent_slurm; printf '%s\\n' "\${COMPREPLY[@]}"`,
  fish: 'source $argv[1]; complete -C $argv[2]',
  // zsh completes only in a terminal: it gets one, and a marker ends its output.
  zsh: `zmodload zsh/zpty; zpty shell "PS1='go> ' zsh -f -i"
zpty -w shell 'autoload -Uz compinit; compinit -u -d ./zcompdump; LISTMAX=10000; zstyle ":completion:*" list-prompt ""; stty columns 80; source '"$1"'; print rea""dy'
zpty -r shell seen '*ready*go> *'
zpty -w -n shell "$2"$'\\t\\x04'; zpty -w -n shell $'\\x15'; zpty -w shell 'print @""END@'
zpty -r shell seen '*@END@*'; print -r -- $seen; zpty -d shell`,
} as const;

describe('shell completion', () => {
  before(requireCompletingShells);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'completion-'));
    await mkdir(join(folder, 'state'));
    await writeFile(join(folder, 'gpu.template'), '');
    await using cli = await openCli();
    for (const shell of Object.keys(SHELLS)) {
      const { code, stdout } = await cli.run('completion', shell);
      expect(code).to.equal(0);
      await writeFile(join(folder, `script.${shell}`), stdout);
    }
  });
  after(() => rm(folder, { recursive: true }));

  async function offered(shell: keyof typeof SHELLS, typed: string): Promise<string> {
    const flags = shell === 'fish' ? [] : ['-'];
    const { stdout } = await execute(
      shell,
      ['-c', SHELLS[shell], ...flags, `./script.${shell}`, `clearml-agent-slurm ${typed}`],
      {
        cwd: folder,
        env: { PATH: process.env['PATH'], HOME: folder, TERM: 'dumb', LC_ALL: 'C.UTF-8' },
        timeout: TIMEOUT_MS,
      },
    );
    return stdout;
  }

  for (const shell of Object.keys(SHELLS) as (keyof typeof SHELLS)[]) {
    it(`offers commands, options and option values in ${shell}`, async () => {
      expect(await offered(shell, 'd'))
        .to.match(/\bdrain\b/)
        .and.to.not.match(/\bstatus\b/);
      expect(await offered(shell, 'logs --'))
        .to.match(/--follow/)
        .and.to.match(/--lines/)
        .and.to.not.match(/--detached/);
      expect(await offered(shell, '--de')).to.include('--detached');
      expect(await offered(shell, 'status --log-level ')).to.match(/error.*warn.*info|debug.*error/s);
      const kinds = await offered(shell, 'unit ');
      for (const kind of Object.keys(UNIT_FILES)) expect(kinds).to.include(kind);
    });
  }

  it('offers files and directories for arguments that are paths', async () => {
    for (const shell of ['zsh', 'fish'] as const) {
      expect(await offered(shell, 'lint gpu'), shell).to.include('gpu.template');
      expect(await offered(shell, '--config-file gpu'), shell).to.include('gpu.template');
      expect(await offered(shell, '--state-dir sta'), shell).to.include('state/');
    }
    expect(await offered('bash', '--state-dir sta')).to.equal('state\n');
    // bash completes file names itself.
    expect(await offered('bash', '--config-file gpu')).to.equal('\n');
  });

  it('offers every command in bash and fish', async () => {
    for (const shell of ['bash', 'fish'] as const) {
      const offers = await offered(shell, '');
      for (const { name } of COMMANDS) if (name !== undefined) expect(offers).to.match(new RegExp(`^${name}\\b`, 'm'));
    }
  });

  it('rejects the shell "tcsh" and lists the supported shells', async () => {
    await using cli = await openCli();
    const { code, stderr } = await cli.run('completion', 'tcsh');
    expect(code).to.equal(2);
    expect(stderr).to.include('Name a shell: bash, zsh, fish.');
  });
});
