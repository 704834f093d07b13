// Java's HttpClient: `java Client.java AT_ONCE CALLS`.

import java.io.FileInputStream;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public class Client {
    static final String TARGET = System.getenv("BENCH_TARGET");
    static final String ACCESS_KEY = System.getenv("BENCH_ACCESS_KEY");
    static final String BODY = System.getenv("BENCH_BODY");
    static final URI ADDRESS = URI.create(System.getenv("BENCH_URL"));
    static final String ID = BODY.substring(BODY.indexOf(":\"") + 2, BODY.length() - 2);
    static SecretKeySpec key;
    static HttpClient client;

    static HttpRequest request() throws Exception {
        String timestamp = Long.toString(System.currentTimeMillis());
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(key);
        byte[] signature = mac.doFinal(("POST " + TARGET + "\n" + timestamp + "\n" + ACCESS_KEY).getBytes());
        return HttpRequest.newBuilder(ADDRESS)
            .header("Content-Type", "application/json")
            .header("x-ncp-apigw-timestamp", timestamp)
            .header("x-ncp-iam-access-key", ACCESS_KEY)
            .header("x-ncp-apigw-signature-v2", Base64.getEncoder().encodeToString(signature))
            .POST(HttpRequest.BodyPublishers.ofString("{\"id\":\"" + ID + "\"}"))
            .build();
    }

    static void check(HttpResponse<String> response) {
        // There is no JSON in the library of Java: what decoding costs is left out.
        if (response.statusCode() != 200 || !response.body().contains("\"id\":\"" + ID + "\"")) {
            throw new RuntimeException("a wrong response: " + response.statusCode());
        }
    }

    static CompletableFuture<Void> work(AtomicInteger left) {
        if (left.getAndDecrement() <= 0) {
            return CompletableFuture.completedFuture(null);
        }
        try {
            return client.sendAsync(request(), HttpResponse.BodyHandlers.ofString())
                .thenComposeAsync(response -> {
                    check(response);
                    return work(left);
                });
        } catch (Exception problem) {
            return CompletableFuture.failedFuture(problem);
        }
    }

    static void run(int atOnce, int calls) throws Exception {
        if (atOnce == 1) {
            for (int i = 0; i < calls; i++) {
                check(client.send(request(), HttpResponse.BodyHandlers.ofString()));
            }
            return;
        }
        AtomicInteger left = new AtomicInteger(calls);
        CompletableFuture<?>[] workers = new CompletableFuture<?>[atOnce];
        for (int i = 0; i < atOnce; i++) {
            workers[i] = work(left);
        }
        CompletableFuture.allOf(workers).get();
    }

    public static void main(String[] arguments) throws Exception {
        int atOnce = Integer.parseInt(arguments[0]), count = Integer.parseInt(arguments[1]);
        key = new SecretKeySpec(System.getenv("BENCH_SECRET_KEY").getBytes(), "HmacSHA256");
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null);
        try (FileInputStream file = new FileInputStream(System.getenv("BENCH_CA"))) {
            trusted.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).sslContext(context).build();

        run(atOnce, Math.max(64, count / 10));
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long started = System.nanoTime(), cpu = system.getProcessCpuTime();
        run(atOnce, count);
        System.out.printf("%.6f %.6f%n", (System.nanoTime() - started) / 1e9, (system.getProcessCpuTime() - cpu) / 1e9);
        System.exit(0);
    }
}
