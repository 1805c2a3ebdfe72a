package dev.tenon.data.download;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The connections of one download: each goes on where the file ends, if the server has the same version still.
final class Transfer implements AutoCloseable {
    private static final Set<Integer> TRY_AGAIN = Set.of(408, 425, 429, 500, 502, 503, 504);
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (?:(\\d{1,18})-\\d{1,18}|\\*)/(\\d{1,18}|\\*)");

    /// An attempt that ended before the file did; another may go on.
    static final class Interrupted extends IOException {
        private static final long serialVersionUID = 1L;

        Interrupted(String message, Throwable cause) {
            super(message, cause);
        }

        Interrupted(String message) {
            super(message);
        }
    }

    /// Keeps the server's name for the version before any byte of it is written.
    @FunctionalInterface
    interface Keep {
        void validator(String name) throws IOException;
    }

    private final URI source;
    private final Path part;
    private final FileChannel channel;
    private final Duration patience;
    private final Downloader.Progress progress;
    private final HttpClient client;
    private String validator = "";

    Transfer(URI source, Path part, FileChannel channel, Duration patience, Downloader.Progress progress) {
        this.source = source;
        this.part = part;
        this.channel = channel;
        this.patience = patience;
        this.progress = progress;
        this.client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).connectTimeout(patience)
                .build();
    }

    /// The server's name for the version that the file holds a part of; empty if it gives none.
    String validator() {
        return validator;
    }

    /// Fetches what is missing, or everything if the server has another version or cannot give parts.
    ///
    /// @throws Interrupted if it ended early and may go on
    /// @throws DownloadException if trying again is of no use
    void attempt(String known, Keep keep) throws IOException {
        validator = known;
        long have = known.isEmpty() ? 0 : channel.size();
        HttpRequest.Builder request;
        try {
            request = HttpRequest.newBuilder(source).timeout(patience).header("Accept-Encoding", "identity")
                    .header("User-Agent", "tenon");
        } catch (IllegalArgumentException e) {
            throw new DownloadException(source, "is no address that can be fetched: " + e.getMessage(), e);
        }
        if (have > 0) {
            request.header("Range", "bytes=" + have + "-").header("If-Range", known);
        }
        HttpResponse<InputStream> response = send(request.build());
        try (InputStream body = response.body()) {
            int status = response.statusCode();
            Matcher range = CONTENT_RANGE.matcher(response.headers().firstValue("Content-Range").orElse(""));
            boolean ranged = range.matches();
            String encoding = response.headers().firstValue("Content-Encoding").orElse("identity");
            if (!encoding.equals("identity")) {
                throw new DownloadException(source, "the server sends it encoded as " + encoding
                        + ", which was not asked for", null);
            }
            if (status == 206 && have > 0 && ranged && Long.toString(have).equals(range.group(1))) {
                receive(body, have, range.group(2).equals("*") ? -1 : Long.parseLong(range.group(2)));
            } else if (status == 200) {
                channel.truncate(0);
                validator = validator(response);
                keep.validator(validator);
                receive(body, 0, response.headers().firstValueAsLong("Content-Length").orElse(-1));
            } else if (status == 416 && have > 0 || status == 206) {
                // All of it is here already, or the server has less than that: only a whole file can tell.
                boolean all = status == 416 && ranged && range.group(2).equals(Long.toString(have));
                if (!all) {
                    channel.truncate(0);
                    validator = "";
                    throw new Interrupted("the server has no bytes from " + have + " on");
                }
            } else if (TRY_AGAIN.contains(status)) {
                throw new Interrupted("the server answered " + status);
            } else {
                throw new DownloadException(source, "the server answered " + status
                        + (status == 404 || status == 410 ? ": there is no such file"
                                : status == 401 || status == 403 ? ": it is not for everyone" : ""), null);
            }
        }
    }

    private HttpResponse<InputStream> send(HttpRequest request) throws IOException {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while fetching " + source);
        } catch (IOException e) {
            throw new Interrupted(e.getMessage() == null ? e.toString() : e.getMessage(), e);
        }
    }

    /// What names a version for sure: a strong entity tag, or the time of the last change.
    private static String validator(HttpResponse<?> response) {
        String tag = response.headers().firstValue("ETag").orElse("");
        return !tag.isEmpty() && !tag.startsWith("W/") ? tag
                : response.headers().firstValue("Last-Modified").orElse("");
    }

    private void receive(InputStream body, long from, long total) throws IOException {
        long space = Files.getFileStore(part).getUsableSpace();
        if (total - from > space) {
            throw new DownloadException(source, "takes " + (total - from) + " bytes more, and the disk of " + part
                    + " has " + space + " left", null);
        }
        try (Watch watch = new Watch(body)) {
            byte[] buffer = new byte[1 << 16];
            long at = from;
            progress.at(at, total);
            while (true) {
                int n = read(body, buffer);
                if (n < 0) {
                    break;
                }
                watch.alive();
                for (ByteBuffer b = ByteBuffer.wrap(buffer, 0, n); b.hasRemaining();) {
                    at += channel.write(b, at);
                }
                progress.at(at, total);
            }
            if (total >= 0 && at != total) {
                throw new Interrupted("the connection ended after " + at + " of " + total + " bytes");
            }
        }
    }

    private int read(InputStream body, byte[] buffer) throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted while fetching " + source);
        }
        try {
            return body.read(buffer);
        } catch (IOException e) {
            if (Thread.currentThread().isInterrupted()) {
                throw e;
            }
            throw new Interrupted(e.getMessage() == null ? "the connection broke" : e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }

    /// Closes a connection that brings nothing; reading from it then fails.
    private final class Watch implements AutoCloseable {
        private final Thread thread;
        private volatile long last = System.nanoTime();

        Watch(InputStream body) {
            thread = Thread.ofVirtual().start(() -> {
                try {
                    long quiet = 0;
                    while (quiet < patience.toNanos()) {
                        Thread.sleep(Duration.ofNanos(patience.toNanos() - quiet));
                        quiet = System.nanoTime() - last;
                    }
                    body.close();
                } catch (InterruptedException | IOException e) {
                    // Reading has ended, well or not: there is nothing left to watch.
                    return;
                }
            });
        }

        void alive() {
            last = System.nanoTime();
        }

        @Override
        public void close() {
            thread.interrupt();
        }
    }
}
