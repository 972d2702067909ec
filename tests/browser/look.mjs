// Opens a report in chromium, in every combination of language, width and colour scheme: takes a screenshot, has
// axe-core look for what hinders people, prints it, and sees that nothing but the file is asked for.
//
//   node look.mjs REPORT OUT CHROMIUM
//
// Ends with 1 where axe-core finds anything serious or critical, where a request leaves the file, where the page runs
// over the edge of the screen, or where a language shows no result or both at once.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { resolve, join } from "node:path";
import puppeteer from "puppeteer-core";

const [report, out, executablePath] = process.argv.slice(2);
const page_url = pathToFileURL(resolve(report)).href;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
mkdirSync(out, { recursive: true });

let failures = 0;
const fail = (what) => {
    failures += 1;
    console.error(`browser: ${what}`);
};

const browser = await puppeteer.launch({
    executablePath,
    // Tests run as root in a container, where chromium's sandbox cannot be made; the page is our own.
    args: process.getuid() === 0 ? ["--no-sandbox"] : [],
});
try {
    for (const language of ["da", "en"]) {
        for (const [width, height] of [[1280, 900], [390, 844]]) {
            for (const scheme of ["light", "dark"]) {
                await look(language, width, height, scheme);
            }
        }
        await print(language);
    }
    await choose();
} finally {
    await browser.close();
}
console.log(failures === 0 ? `browser: all is well; pictures in ${out}` : `browser: ${failures} faults`);
process.exitCode = failures === 0 ? 0 : 1;

async function open(language, name) {
    const page = await browser.newPage();
    await page.setBypassCSP(true); // for axe-core alone; requests are counted below
    page.on("request", (request) => {
        if (request.url().split("#")[0] !== page_url) fail(`${name}: asks for ${request.url()}`);
    });
    page.on("pageerror", (error) => fail(`${name}: ${error}`));
    await page.goto(`${page_url}${language ? `#${language}` : ""}`);
    return page;
}

async function look(language, width, height, scheme) {
    const name = `${language}-${width}-${scheme}`;
    const page = await open(language, name);
    await page.setViewport({ width, height, isMobile: width < 600, hasTouch: width < 600 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    const seen = await page.evaluate(() => ({
        results: [...document.querySelectorAll("section.result")].filter((e) => e.checkVisibility()).length,
        languages: [...document.querySelectorAll("main > div")].filter((e) => e.checkVisibility()).map((e) => e.lang),
        too_wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    }));
    if (seen.results === 0) fail(`${name}: no result is shown`);
    if (seen.languages.join() !== language) fail(`${name}: shown is ${seen.languages}`);
    if (seen.too_wide) fail(`${name}: the page is wider than the screen`);
    await page.screenshot({ path: join(out, `${name}.png`) });
    await page.screenshot({ path: join(out, `${name}-full.png`), fullPage: true });
    // What is folded away is looked at too.
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
    await page.evaluate(axe);
    const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    for (const violation of found.violations) {
        const told = `${name}: axe ${violation.impact}: ${violation.id}: ${violation.help} (${violation.nodes.length}, first ${violation.nodes[0].target})`;
        if (["serious", "critical"].includes(violation.impact)) fail(told);
        else console.log(`browser: ${told}`);
    }
    if (found.testEngine?.name !== "axe-core") fail(`${name}: axe-core did not run`);
    writeFileSync(join(out, `${name}-axe.json`), JSON.stringify(found.violations, null, 1));
    await page.close();
}

async function print(language) {
    const page = await open(language, `${language}-print`);
    await page.pdf({ path: join(out, `${language}.pdf`), format: "A4", preferCSSPageSize: true });
    await page.close();
}

// By the keyboard alone: the first stop skips to the results, and a link chooses the other language.
async function choose() {
    const page = await open("", "keyboard");
    await page.keyboard.press("Tab");
    const first = await page.evaluate(() => document.activeElement?.className);
    if (first !== "skip") fail(`keyboard: the first stop is ${first}`);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const shown = () => page.evaluate(() => [...document.querySelectorAll("main > div")].filter((e) => e.checkVisibility()).map((e) => e.lang).join());
    if ((await shown()) !== "en") fail(`keyboard: after the link to English, shown is ${await shown()}`);
    // A link within the English part stays there.
    await page.evaluate(() => document.querySelector("#en nav.contents a").click());
    if ((await shown()) !== "en") fail(`keyboard: a link within English led to ${await shown()}`);
    await page.close();
}
