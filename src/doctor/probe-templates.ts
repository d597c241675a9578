// Probes the templates: the errors that lint finds in them.
import type { TemplateSeen } from './configuration-checks.ts';
import { known, unavailable, type Fact } from './check-result.ts';
import { SshConfigError } from '../transport/ssh2/find-ssh2-target.ts';
import { lintTemplate } from '../lint/lint-template.ts';
import { severityOf, type Finding } from '../lint/lint-rules.ts';
import { checkWithPrograms, createCheckers, type AllCheckers } from '../lint/check-with-bash-and-sbatch.ts';
import { configuredTemplates, namedTemplates, type NamedTemplate } from '../assembly/read-named-files.ts';
import type { Configured } from '../assembly/load-trusted-config.ts';
import { readQueues } from '../assembly/read-queue-templates.ts';
import { distrustOfTemplate, UntrustedPathError } from '../assembly/refuse-untrusted-files.ts';
import { UsageError } from '../base/usage-error.ts';

/** Also checks that each queue has a template. */
export async function probeTemplates({ config, context }: Configured): Promise<Fact<TemplateSeen[]>> {
  const { settings } = config;
  if (configuredTemplates(settings).length === 0) return known([]);
  const checkers = createCheckers({ config, context });
  try {
    const seen: TemplateSeen[] = [];
    for (const template of await namedTemplates(undefined, settings, context, 'doctor', '--template-files')) {
      const findings = await findingsOf(template, checkers);
      const errors = findings
        .filter((finding) => severityOf(finding) === 'error')
        .map(({ line, sentence }) => `${template.file}:${line}: ${sentence.replace(/\.$/, '')}`);
      const why = await distrustOfTemplate(template.file, settings, context);
      if (why !== undefined) errors.unshift(`${template.file} is refused because other users can change it: ${why}`);
      seen.push({ file: template.file, errors });
    }
    if (seen.every(({ errors }) => errors.length === 0)) await readQueues(settings, context.workingDir);
    return known(seen);
  } catch (error) {
    if (error instanceof UsageError || isOfSystem(error)) return unavailable(error.message);
    throw error;
  } finally {
    await checkers.close();
  }
}

/** Such as a name that is too long, or a file server that does not respond. */
function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

async function findingsOf({ file, text, queue }: NamedTemplate, checkers: AllCheckers): Promise<Finding[]> {
  const { parsed, findings } = lintTemplate(file, text);
  try {
    const checked = await checkWithPrograms(parsed, await checkers.of(queue?.cluster));
    return [...findings, ...checked.findings];
  } catch (error) {
    // Other checks report that the cluster cannot be reached or its commands are not trusted.
    if (error instanceof SshConfigError || error instanceof UntrustedPathError) return [...findings];
    throw error;
  }
}
