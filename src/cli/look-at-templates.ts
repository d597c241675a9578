// What doctor finds out about the templates: what lint has to say of them that keeps tasks from running.
import type { TemplateSeen } from '../doctor/here-checks.ts';
import { known, trouble, type Fact } from '../doctor/verdict.ts';
import { SshConfigError } from '../transport/ssh-config-target.ts';
import { lintTemplate } from '../template/lint/lint-template.ts';
import { severityOf, type Finding } from '../template/lint/rules.ts';
import type { Typed } from './command.ts';
import { checkWithPrograms } from './lint-checkers.ts';
import { makeCheckers, type AllCheckers } from './lint-hosts.ts';
import { configuredTemplates, namedTemplates, type NamedTemplate } from './named-templates.ts';
import type { Configured } from './read-config.ts';
import { readQueues } from './serve-queues.ts';
import { distrustOfTemplate, UntrustedPath } from './trusted-files.ts';
import { UsageProblem } from './usage-problem.ts';

/** Those of the configuration, and of --template-files; then whether each queue gets one. */
export async function lookAtTemplates(typed: Typed, { config, around }: Configured): Promise<Fact<TemplateSeen[]>> {
  const { settings } = config;
  if (configuredTemplates(settings).length === 0) return known([]);
  const checkers = await makeCheckers({ config, around });
  try {
    const seen: TemplateSeen[] = [];
    for (const template of await namedTemplates(typed, settings, around, 'doctor')) {
      const findings = await findingsOf(template, checkers);
      const errors = findings
        .filter((finding) => severityOf(finding) === 'error')
        .map(({ line, sentence }) => `${template.file}:${line}: ${sentence.replace(/\.$/, '')}`);
      const why = await distrustOfTemplate(template.file, settings, around);
      if (why !== undefined) errors.unshift(`${template.file}: others can change it, so that it is not used: ${why}`);
      seen.push({ file: template.file, errors });
    }
    if (seen.every(({ errors }) => errors.length === 0)) await readQueues(settings, around.workingDir);
    return known(seen);
  } catch (error) {
    if (error instanceof UsageProblem) return trouble(error.message);
    throw error;
  } finally {
    await checkers.close();
  }
}

async function findingsOf({ file, text, queue }: NamedTemplate, checkers: AllCheckers): Promise<Finding[]> {
  const { reading, findings } = lintTemplate(file, text);
  try {
    const checked = await checkWithPrograms(reading, await checkers.of(queue?.cluster));
    return [...findings, ...checked.findings];
  } catch (error) {
    // The row of the cluster says that it can't be reached, or that its commands are not trusted.
    if (error instanceof SshConfigError || error instanceof UntrustedPath) return [...findings];
    throw error;
  }
}
