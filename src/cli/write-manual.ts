// Writes the manual beside the built program, as part of the build.
import { mkdirSync, writeFileSync } from 'node:fs';
import { COMMANDS } from './commands.ts';
import { commandsPage, settingsPage } from './manual.ts';

const folder = new URL('../man/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('clearml-agent-slurm.1', folder), commandsPage(COMMANDS));
writeFileSync(new URL('clearml-agent-slurm.5', folder), settingsPage());
