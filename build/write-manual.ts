// Writes the manual beside the built program, as part of the build.
import { mkdirSync, writeFileSync } from 'node:fs';
import { packagePath } from '../src/base/package-path.ts';
import { COMMANDS } from '../src/cli/commands.ts';
import { commandsPage, settingsPage } from './manual.ts';

mkdirSync(packagePath('dist/man'), { recursive: true });
writeFileSync(packagePath('dist/man/clearml-agent-slurm.1'), commandsPage(COMMANDS));
writeFileSync(packagePath('dist/man/clearml-agent-slurm.5'), settingsPage());
