// `completion`: prints a completion script for a shell.
import { EXIT } from '../../base/exit-codes.ts';
import { textOption } from '../typed-options.ts';
import { UsageError } from '../../base/usage-error.ts';
import type { Command } from '../command.ts';
import type { CommandWords } from '../completion/list-completions.ts';

const SHELLS: ReadonlyMap<string, () => Promise<(commands: readonly CommandWords[]) => string>> = new Map([
  ['bash', async () => (await import('../completion/bash.ts')).bashCompletion],
  ['zsh', async () => (await import('../completion/zsh.ts')).zshCompletion],
  ['fish', async () => (await import('../completion/fish.ts')).fishCompletion],
]);

/** @param commands all commands, including this one */
export const completionOf = (commands: () => readonly Command[]): Command => ({
  name: 'completion',
  argument: { name: 'shell', usage: 'SHELL', means: 'bash, zsh, or fish', choices: [...SHELLS.keys()] },
  group: 'Set up',
  describe: 'Print a completion script for bash, zsh or fish',
  examples: [
    { commandLine: 'completion bash', effect: 'Add to ~/.bashrc: source <(clearml-agent-slurm completion bash)' },
    { commandLine: 'completion fish', effect: 'Save the output in ~/.config/fish/completions' },
  ],
  options: {},
  async run(typed, context) {
    const { completionWords } = await import('../completion/list-completions.ts');
    const load = SHELLS.get(textOption(typed, 'shell') ?? '');
    if (load === undefined) throw new UsageError(`Name a shell: ${[...SHELLS.keys()].join(', ')}.`);
    const script = await load();
    context.stdout(script(completionWords(commands())));
    return EXIT.ok;
  },
});
