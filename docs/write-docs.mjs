// Writes the pages beside it, and the example units, that are made from the source, wholly or in part; tests compare them.
import { readFileSync, writeFileSync } from 'node:fs';
import { fillExitCodes } from '../src/cli/exit-codes-table.ts';
import { exampleUnits } from '../src/cli/unit-files.ts';
import { referencePage } from '../src/config/reference.ts';
import { doctorPage } from '../src/doctor/page.ts';
import { fillFailureTables } from '../src/daemon/console/failure-tables.ts';
import { rulesPage } from '../src/template/lint/rules-page.ts';
import { plantedFaultsPage } from '../test/cli/planted-faults.ts';
import { fillReference } from '../src/template/reference.ts';

const templates = new URL('templates.md', import.meta.url);
const operating = new URL('operating.md', import.meta.url);
const failures = new URL('failures.md', import.meta.url);

writeFileSync(new URL('configuration.md', import.meta.url), referencePage());
writeFileSync(templates, fillReference(readFileSync(templates, 'utf8')));
writeFileSync(failures, fillFailureTables(readFileSync(failures, 'utf8')));
writeFileSync(operating, fillExitCodes(readFileSync(operating, 'utf8')));
writeFileSync(new URL('doctor.md', import.meta.url), doctorPage());
writeFileSync(new URL('planted-faults.md', import.meta.url), plantedFaultsPage());
writeFileSync(new URL('lint.md', import.meta.url), rulesPage());
for (const [name, text] of Object.entries(exampleUnits()))
  writeFileSync(new URL(`../examples/units/${name}`, import.meta.url), text);
