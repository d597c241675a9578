// Checks the image names that a template passes to Pyxis.
import { toPyxisImage } from '../sbatch-template/containers/write-pyxis-image.ts';

/** Returns a sentence if older releases of enroot misread the name, otherwise undefined. */
export function imageProblem(image: string): string | undefined {
  const corrected = toPyxisImage(image);
  return corrected === image
    ? undefined
    : `Releases of enroot before 4.0 look for "${image}" on Docker Hub: write "${corrected}".`;
}
