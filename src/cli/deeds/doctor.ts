// Looks at everything a task needs on its way, and prints what is good, what is in the way, and the fix.
import { ConfigProblem } from '../../config/errors.ts';
import { CLUSTER_CHECKS } from '../../doctor/cluster-checks.ts';
import { HERE_CHECKS, type HereFacts } from '../../doctor/here-checks.ts';
import {
  countBad,
  examine,
  formatDoctorJson,
  formatSections,
  formatSummary,
  type Section,
} from '../../doctor/report.ts';
import { known, trouble, unasked } from '../../doctor/verdict.ts';
import type { Surroundings, Typed } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { lookAtCluster } from '../look-at-cluster.ts';
import { lookAtServer } from '../look-at-server.ts';
import { lookAtTemplates } from '../look-at-templates.ts';
import { withLog, type Base } from '../read-base.ts';
import { readConfig } from '../read-config.ts';
import { switchOption } from '../typed-options.ts';

/** @throws UsageProblem */
export async function doctor(typed: Typed, around: Surroundings): Promise<number> {
  const base = readBaseOrWhyNot(typed, around);
  const sections = base instanceof ConfigProblem ? [unreadable(base)] : await lookAtAll(typed, base);

  if (switchOption(typed, 'json') === true) {
    around.stdout(formatDoctorJson(sections));
  } else {
    around.stdout(formatSections(sections));
    around.stderr(formatSummary(sections));
  }
  return countBad(sections) > 0 ? EXIT.failed : EXIT.ok;
}

function readBaseOrWhyNot(typed: Typed, around: Surroundings): Base | ConfigProblem {
  try {
    return withLog(typed, { config: readConfig(typed, around), around });
  } catch (error) {
    if (error instanceof ConfigProblem) return error;
    throw error;
  }
}

function unreadable({ message }: ConfigProblem): Section {
  const nobodyLooked = unasked('not looked at: it takes the configuration');
  return examine<HereFacts>(undefined, HERE_CHECKS, {
    configuration: trouble(message),
    server: nobodyLooked,
    credentials: nobodyLooked,
    version: nobodyLooked,
    serverAheadMs: nobodyLooked,
    queues: nobodyLooked,
    templates: nobodyLooked,
  });
}

async function lookAtAll(typed: Typed, base: Base): Promise<Section[]> {
  const { files, warnings, settings } = base.config;
  try {
    const [server, templates, ...clusters] = await Promise.all([
      lookAtServer(base),
      lookAtTemplates(typed, base),
      ...settings.clusters.map((cluster) => lookAtCluster(base, cluster)),
    ]);
    const here = { configuration: known({ files, warnings }), ...server, templates };
    return [
      examine(undefined, HERE_CHECKS, here),
      ...clusters.map((seen) =>
        examine(seen.name === undefined ? 'Slurm' : `Cluster ${seen.name}`, CLUSTER_CHECKS, seen),
      ),
    ];
  } finally {
    await base.closeLog();
  }
}
