package dev.tenon.data.download;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Against a server in this process that cuts connections, forgets ranges and changes its file as it is told.
class DownloaderTest {
    @TempDir
    Path dir;

    private HttpServer server;
    private ExecutorService threads;
    private volatile byte[] content = new byte[0];
    private volatile String tag = "\"one\"";
    private volatile boolean ranges = true;
    private volatile int cutAfter = Integer.MAX_VALUE;
    private volatile int cuts;
    private volatile int status = 200;
    private volatile boolean silent;
    private final List<String> asked = new ArrayList<>();

    DownloaderTest() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        threads = Executors.newCachedThreadPool();
    }

    @BeforeEach
    void start() {
        content = random(1, 300_000);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        threads.shutdownNow();
    }

    private static byte[] random(int seed, int n) {
        byte[] b = new byte[n];
        new Random(seed).nextBytes(b);
        return b;
    }

    private synchronized void answer(HttpExchange exchange) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        String condition = exchange.getRequestHeaders().getFirst("If-Range");
        asked.add(range == null ? "all" : range);
        try (exchange) {
            if (exchange.getRequestURI().getPath().equals("/moved")) {
                exchange.getResponseHeaders().set("Location", "/a/model.bin");
                exchange.sendResponseHeaders(302, -1);
                return;
            }
            if (status != 200) {
                exchange.sendResponseHeaders(status, -1);
                return;
            }
            if (!tag.isEmpty()) {
                exchange.getResponseHeaders().set("ETag", tag);
            }
            int from = 0;
            if (ranges && range != null && tag.equals(condition)) {
                from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
                if (from >= content.length) {
                    exchange.getResponseHeaders().set("Content-Range", "bytes */" + content.length);
                    exchange.sendResponseHeaders(416, -1);
                    return;
                }
                exchange.getResponseHeaders().set("Content-Range",
                        "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
            }
            exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length - from);
            OutputStream out = exchange.getResponseBody();
            int n = content.length - from;
            if (cuts > 0 && n > cutAfter) {
                cuts = cuts - 1;
                out.write(content, from, cutAfter);
                out.flush();
                if (silent) {
                    sleep();
                }
                return;
            }
            out.write(content, from, n);
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    }

    private Downloader downloader() {
        return new Downloader(dir.resolve("cache")).withRetries(2, Duration.ofMillis(1));
    }

    private Checksum sum(byte[] bytes) throws IOException {
        return Checksum.of(Files.write(dir.resolve("sum"), bytes));
    }

    private static void assertOnly(Path file) throws IOException {
        try (var list = Files.list(file.getParent())) {
            assertEquals(List.of(file), list.toList(), "nothing is left beside the file");
        }
    }

    @Test
    void fetchesOnceAndKeepsIt() throws IOException {
        List<Long> heard = new ArrayList<>();
        Downloader d = downloader().withProgress((done, total) -> {
            heard.add(done);
            assertEquals(content.length, total);
        });
        Path p = d.cached(uri("/a/model.bin"), sum(content));
        assertEquals(dir.resolve("cache").resolve("127.0.0.1").resolve("a").resolve("model.bin"), p);
        assertArrayEquals(content, Files.readAllBytes(p));
        assertEquals(0L, heard.getFirst());
        assertEquals(content.length, heard.getLast());
        assertOnly(p);
        assertEquals(p, d.cached(uri("/a/model.bin"), new Checksum(sum(content).digits().substring(0, 8))));
        assertEquals(p, d.cached(uri("/a/model.bin"), null));
        assertEquals(List.of("all"), asked);
    }

    @Test
    void aCutConnectionGoesOn() throws IOException {
        cutAfter = 100_000;
        cuts = 2;
        Path p = downloader().cached(uri("/a/model.bin"), sum(content));
        assertArrayEquals(content, Files.readAllBytes(p));
        assertEquals(3, asked.size());
        assertEquals("all", asked.getFirst());
        for (String range : asked.subList(1, 3)) {
            assertTrue(range.matches("bytes=\\d+-"), range);
        }
        assertOnly(p);
    }

    @Test
    void whatArrivedIsKeptForALaterRun() throws IOException {
        cutAfter = 100_000;
        cuts = 1;
        Downloader impatient = downloader().withRetries(0, Duration.ZERO);
        // The first attempt brings something, so it does not count; the second finds the server broken.
        Downloader breaking = impatient.withProgress((done, _) -> status = done > 50_000 ? 503 : 200);
        var e = assertThrows(DownloadException.class, () -> breaking.cached(uri("/a/model.bin"), sum(content)));
        assertTrue(e.getMessage().contains("503") && e.getMessage().contains("is kept in"), e.getMessage());
        Path part = dir.resolve("cache").resolve("127.0.0.1").resolve("a").resolve("model.bin.part");
        long have = Files.size(part);
        assertTrue(have > 50_000 && have <= 100_000, "" + have);
        status = 200;
        Path p = downloader().cached(uri("/a/model.bin"), sum(content));
        assertEquals("bytes=" + have + "-", asked.getLast());
        assertArrayEquals(content, Files.readAllBytes(p));
        assertOnly(p);
    }

    @Test
    void aServerWithoutRangesStartsAgain() throws IOException {
        ranges = false;
        cutAfter = 100_000;
        cuts = 1;
        Path p = downloader().cached(uri("/a/model.bin"), sum(content));
        assertArrayEquals(content, Files.readAllBytes(p));
        assertEquals(2, asked.size());
    }

    @Test
    void aServerThatNamesNoVersionStartsAgain() throws IOException {
        tag = "";
        cutAfter = 100_000;
        cuts = 1;
        Path p = downloader().cached(uri("/a/model.bin"), null);
        assertArrayEquals(content, Files.readAllBytes(p));
        assertEquals(List.of("all", "all"), asked);
    }

    @Test
    void aFileThatChangedMeanwhileIsNotMixed() throws IOException {
        cutAfter = 100_000;
        cuts = 1;
        byte[] changed = random(2, 250_000);
        Downloader d = downloader().withProgress((done, _) -> {
            if (done > 50_000) {
                content = changed;
                tag = "\"two\"";
            }
        });
        Path p = d.cached(uri("/a/model.bin"), null);
        assertArrayEquals(changed, Files.readAllBytes(p));
    }

    @Test
    void aPartThatDoesNotFitIsFetchedAnew() throws IOException {
        Path part = dir.resolve("cache").resolve("127.0.0.1").resolve("a").resolve("model.bin.part");
        Files.createDirectories(part.getParent());
        Files.write(part, random(3, 1000));
        Files.writeString(part.resolveSibling("model.bin.part.version"), tag);
        Path p = downloader().cached(uri("/a/model.bin"), sum(content));
        assertArrayEquals(content, Files.readAllBytes(p));
        assertEquals(List.of("bytes=1000-", "all"), asked);
        // one that is longer than the file, and one that is all of it already
        Files.delete(p);
        Files.write(part, random(3, content.length + 1));
        Files.writeString(part.resolveSibling("model.bin.part.version"), tag);
        assertArrayEquals(content, Files.readAllBytes(downloader().cached(uri("/a/model.bin"), null)));
        Files.delete(p);
        Files.write(part, content);
        Files.writeString(part.resolveSibling("model.bin.part.version"), tag);
        assertArrayEquals(content, Files.readAllBytes(downloader().cached(uri("/a/model.bin"), null)));
        assertEquals("bytes=" + content.length + "-", asked.getLast());
        assertOnly(p);
    }

    @Test
    void aWrongChecksumKeepsNothing() throws IOException {
        Checksum wrong = new Checksum("0123456789abcdef");
        var e = assertThrows(DownloadException.class, () -> downloader().cached(uri("/a/model.bin"), wrong));
        assertTrue(e.getMessage().contains("expected 0123456789abcdef")
                && e.getMessage().contains(sum(content).digits()), e.getMessage());
        assertEquals(List.of("all"), asked);
        try (var list = Files.list(dir.resolve("cache").resolve("127.0.0.1").resolve("a"))) {
            assertEquals(0, list.count());
        }
    }

    @Test
    void aFileInTheFolderWithAnotherChecksumIsReplacedOnlyByTheRightOne() throws IOException {
        Path p = downloader().cached(uri("/a/model.bin"), null);
        byte[] old = content;
        content = random(4, 1000);
        tag = "\"two\"";
        assertThrows(DownloadException.class, () -> downloader().cached(uri("/a/model.bin"), sum(random(5, 10))));
        assertArrayEquals(old, Files.readAllBytes(p));
        assertArrayEquals(content, Files.readAllBytes(downloader().cached(uri("/a/model.bin"), sum(content))));
    }

    @Test
    void aFileOfTheUsersIsNotReplaced() throws IOException {
        Path mine = Files.writeString(dir.resolve("mine.bin"), "mine");
        var e = assertThrows(DownloadException.class,
                () -> downloader().download(uri("/a/model.bin"), mine, sum(content)));
        assertTrue(e.getMessage().contains("is there already"), e.getMessage());
        assertEquals("mine", Files.readString(mine));
        Path other = dir.resolve("other.bin");
        downloader().download(uri("/moved"), other, sum(content));
        downloader().download(uri("/moved"), other, sum(content));
        assertArrayEquals(content, Files.readAllBytes(other));
        assertEquals(2, asked.size(), "the redirect and the file, once");
    }

    @Test
    void aServerThatFallsSilentIsLeft() throws IOException {
        cutAfter = 100_000;
        cuts = 1;
        silent = true;
        // The server answers one at a time, and the first answer still sleeps: so only the error is looked at.
        Downloader d = downloader().withPatience(Duration.ofMillis(300)).withRetries(0, Duration.ZERO);
        long start = System.nanoTime();
        var e = assertThrows(DownloadException.class, () -> d.cached(uri("/a/model.bin"), null));
        assertTrue(e.getMessage().contains("gave up"), e.getMessage());
        assertTrue(System.nanoTime() - start < 9e9, "it was not waited for");
    }

    @Test
    void errorsOfTheServerAndOfTheAddress() throws IOException {
        status = 404;
        var e = assertThrows(DownloadException.class, () -> downloader().cached(uri("/a/model.bin"), null));
        assertTrue(e.getMessage().contains("404: there is no such file"), e.getMessage());
        assertEquals(1, asked.size());
        status = 503;
        assertThrows(DownloadException.class, () -> downloader().cached(uri("/a/model.bin"), null));
        assertEquals(1 + 3, asked.size(), "twice again");
        for (String bad : List.of("file:///etc/hostname", "ftp://example.org/x", "http://example.org/", "x.bin")) {
            assertThrows(DownloadException.class, () -> downloader().cached(URI.create(bad), null), bad);
        }
        assertFalse(Files.exists(dir.resolve("cache").resolve("127.0.0.1").resolve("a").resolve("model.bin")));
    }

    @Test
    void onlyOneFetchesAFile() throws IOException {
        Path part = dir.resolve("x.bin.part");
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var lock = channel.lock()) {
            assertTrue(lock.isValid());
            var e = assertThrows(DownloadException.class,
                    () -> downloader().download(uri("/a/model.bin"), dir.resolve("x.bin"), null));
            assertTrue(e.getMessage().contains("by someone else"), e.getMessage());
        }
    }

    @Test
    void placesStayInTheFolder() throws IOException {
        Path cache = dir.resolve("cache");
        for (String address : List.of("http://h/../../etc/x", "http://h/%2e%2e/%2Fx", "http://h/.hidden",
                "http://h/a//b", "http://../x", "http://h/a?x=../y")) {
            Path p;
            try {
                p = downloader().place(URI.create(address));
            } catch (DownloadException e) {
                continue;
            }
            assertTrue(p.normalize().startsWith(cache.resolve("h")) && p.equals(p.normalize()), p.toString());
        }
        assertFalse(downloader().place(URI.create("http://h/x?a=1"))
                .equals(downloader().place(URI.create("http://h/x?a=2"))));
    }

    @Test
    void checksums() throws IOException {
        Path p = Files.writeString(dir.resolve("abc"), "abc");
        assertEquals("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Checksum.of(p).digits());
        for (String bad : List.of("", "ba7816b", "xa7816bf", "0".repeat(65))) {
            assertThrows(IllegalArgumentException.class, () -> new Checksum(bad), bad);
        }
        assertEquals(new Checksum("BA7816BF"), new Checksum("ba7816bf"));
    }

    @Test
    void theFolderIsChosenByAProperty() {
        String before = System.getProperty("tenon.cache");
        try {
            System.setProperty("tenon.cache", dir.toString());
            assertEquals(dir, Downloader.cacheFolder());
            System.clearProperty("tenon.cache");
            assertTrue(Downloader.cacheFolder().endsWith(Path.of(".cache", "tenon")));
        } finally {
            if (before != null) {
                System.setProperty("tenon.cache", before);
            }
        }
    }
}
