// Generates the files of examples/units.
import { UNIT_FILE_NAMES, UNIT_FILES, type UnitSite, type UnitKind } from '../../src/init/generate-unit-files.ts';

/** As `unit` prints them for one ordinary user. */
export function exampleUnits(): Readonly<Record<string, string>> {
  const site: UnitSite = {
    command: [
      '/usr/bin/node',
      '/usr/local/bin/clearml-agent-slurm',
      '--queue',
      'gpu',
      '--template-files',
      'gpu.template',
    ],
    workingDir: '/home/ada',
    variables: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    stateDir: '/home/ada/.local/state/clearml-agent-slurm',
  };
  const kinds = Object.keys(UNIT_FILES) as UnitKind[];
  return Object.fromEntries(kinds.map((kind) => [UNIT_FILE_NAMES[kind], UNIT_FILES[kind](site)]));
}
