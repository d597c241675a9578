// What is wrong with the name of an image that a template gives to Pyxis.
import { toPyxisImage } from '../template/containers/pyxis-image.ts';

/** What is wrong with it, or undefined. */
export function imageProblem(image: string): string | undefined {
  const meant = toPyxisImage(image);
  return meant === image
    ? undefined
    : `Releases of enroot before 4.0 look for "${image}" on Docker Hub: write "${meant}".`;
}
