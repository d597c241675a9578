// Writes the manual beside the built program, as part of the build. With an argument, writes into that directory.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from '../../src/cli/all-commands.ts';
import { commandsPage, settingsPage } from './manual-pages.ts';

const folder = join(process.argv[2] ?? 'dist', 'man');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'clearml-agent-slurm.1'), commandsPage(COMMANDS));
writeFileSync(join(folder, 'clearml-agent-slurm.5'), settingsPage());
