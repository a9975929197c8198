import React, { useEffect } from "react";
import DOMPurify from "dompurify";

function assigned(element: HTMLElement, text: string) {
  // ruleid: towpath.typescript.browser.html-assigned
  element.innerHTML = text;
  // ruleid: towpath.typescript.browser.html-assigned
  element.insertAdjacentHTML("beforeend", `<b>${text}</b>`);
  // ruleid: towpath.typescript.browser.html-assigned
  document.write(text);
  // ok: towpath.typescript.browser.html-assigned
  element.innerHTML = DOMPurify.sanitize(text);
  // ok: towpath.typescript.browser.html-assigned
  element.innerHTML = "";
  // ok: towpath.typescript.browser.html-assigned
  element.textContent = text;
}

function Note(props: { text: string }) {
  // ruleid: towpath.typescript.browser.dangerous-html
  return <div dangerouslySetInnerHTML={{ __html: props.text }} />;
}

function CleanNote(props: { text: string }) {
  // ok: towpath.typescript.browser.dangerous-html
  return <div dangerouslySetInnerHTML={{ __html: DOMPurify.sanitize(props.text) }} />;
}

function messages(other: Window) {
  // ruleid: towpath.typescript.browser.message-to-anybody
  other.postMessage("hello", "*");
  // ok: towpath.typescript.browser.message-to-anybody
  other.postMessage("hello", "https://example.org");
}

function Clock(props: { tick: () => void }) {
  // ruleid: towpath.typescript.browser.listener-left
  useEffect(() => {
    window.addEventListener("resize", props.tick);
  }, []);
  // ok: towpath.typescript.browser.listener-left
  useEffect(() => {
    window.addEventListener("resize", props.tick);
    return () => window.removeEventListener("resize", props.tick);
  }, []);
  return null;
}

function stored(token: string) {
  // ruleid: towpath.typescript.browser.token-in-storage
  localStorage.setItem("access_token", token);
  // ok: towpath.typescript.browser.token-in-storage
  localStorage.setItem("theme", "dark");
}
