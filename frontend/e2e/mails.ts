/** Reading the mails that the Watchbill of the tests sends. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "./fixtures";

/** The link in the newest mail to an address; the mails of a development installation are files. */
export async function mailedLink(email: string): Promise<string> {
  const folder = path.join(process.env.WATCHBILL_FOLDER ?? "", "mails");
  let link: string | undefined;
  await expect
    .poll(async () => {
      const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".eml"));
      const mails = await Promise.all(
        names.sort().map((name) => readFile(path.join(folder, name), "utf8")),
      );
      // Long lines are folded with a = at their end.
      const mail = mails.filter((text) => text.includes(`To: ${email}`)).at(-1);
      link = /http\S+/.exec(mail?.replace(/=\r?\n/g, "").replaceAll("=3D", "=") ?? "")?.[0];
      return link;
    })
    .toBeTruthy();
  return link ?? "";
}
