// Writes the pages of docs/ and the units of examples/ that are generated from the source; tests compare them.
import { readFileSync, writeFileSync } from 'node:fs';
import { detectedProblemsPage } from '../../test/cli/detected-problems.ts';
import { exampleUnits } from './example-units.ts';
import { referencePage } from './configuration-page.ts';
import { doctorPage } from './doctor-page.ts';
import { fillFailureTable } from './failures-page.ts';
import { lintPage } from './lint-page.ts';
import { fillExitCodes } from './operating-page.ts';
import { fillReference, TEMPLATE_PAGES } from './templates-page.ts';
import { fillMetrics } from './web-page.ts';

const docs = new URL('../../docs/', import.meta.url);

write('configuration.md', referencePage());
write('doctor.md', doctorPage());
write('lint.md', lintPage());
write('proof/detected-problems.md', detectedProblemsPage());
for (const page of TEMPLATE_PAGES) fill(page, fillReference);
fill('failures.md', fillFailureTable);
fill('operating.md', fillExitCodes);
fill('web.md', fillMetrics);
for (const [name, text] of Object.entries(exampleUnits()))
  writeFileSync(new URL(`../examples/units/${name}`, docs), text);

function write(page: string, text: string): void {
  writeFileSync(new URL(page, docs), text);
}

/** Replaces the generated tables of a page. */
function fill(page: string, tables: (text: string) => string): void {
  write(page, tables(readFileSync(new URL(page, docs), 'utf8')));
}
